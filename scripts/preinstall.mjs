// `npm install` here would write a second lock file and link nothing.
if (!process.env.npm_config_user_agent?.startsWith("pnpm")) {
  console.error("This workspace installs itself: run `npm test` or `npm run demo`.");
  console.error("To install alone: npx pnpm install");
  process.exit(1);
}
