use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};

const FILE: &str = "falco/outputs/outputs.proto";
/// What it imports of protobuf itself.
const GOOGLE: &str = "google/";
const RESPONSE: &str = "response";

/// Leaves only the response, with bytes for its text, which must be UTF-8 in a string of protobuf and need not be in an
/// alert of Falco's. It looks the same on the wire.
pub(crate) fn keep_response(files: &mut FileDescriptorSet) {
    files.file.retain(|file| file.name() == FILE || file.name().starts_with(GOOGLE));
    for file in files.file.iter_mut().filter(|file| file.name() == FILE) {
        file.service.clear();
        file.dependency.retain(|file| file.starts_with(GOOGLE));
        // It refers to what is gone by its place.
        file.source_code_info = None;
        file.message_type.retain(|message| message.name() == RESPONSE);
        file.message_type.iter_mut().for_each(bytes_for_text);
    }
}

fn bytes_for_text(message: &mut DescriptorProto) {
    for field in &mut message.field {
        match field.r#type() {
            Type::String => field.set_type(Type::Bytes),
            Type::Enum => {
                field.set_type(Type::Int32);
                field.type_name = None;
            }
            _ => {}
        }
    }
    for nested in &mut message.nested_type {
        // A map is a list of entries. As a map its keys could not be bytes.
        nested.options = None;
        bytes_for_text(nested);
    }
}
