export { printable, printableJson } from "@falco-outputs/core/printable";
