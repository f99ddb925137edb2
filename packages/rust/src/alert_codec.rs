use std::collections::BTreeMap;

use prost::Message as _;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

use crate::alert::{Alert, Origin};
use crate::code::Code;
use crate::connection::Failure;
use crate::contract::outputs::Request;
use crate::time::Timestamp;

/// The contract's response with bytes in place of text, because Falco's text need not be UTF-8.
#[allow(unreachable_pub)]
mod wire {
    include!("gen/wire/falco.outputs.rs");
}

/// What a server sends on a stream.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Nearly all are alerts.
pub(crate) enum Message {
    Alert(Alert),
    /// The server has looked at every alert up to this sequence number.
    Scanned(u64),
}

/// Decodes messages. Text that is not UTF-8 is replaced, so that one bad alert does not end the stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AlertCodec;

#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertDecoder;

impl Codec for AlertCodec {
    type Encode = Request;
    type Decode = Message;
    type Encoder = ProstEncoder<Request>;
    type Decoder = AlertDecoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        AlertDecoder
    }
}

impl Decoder for AlertDecoder {
    type Item = Message;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Message>, Status> {
        match wire::Response::decode(bytes) {
            Ok(response) if response.scanned != 0 => Ok(Some(Message::Scanned(response.scanned))),
            Ok(response) => Ok(Some(Message::Alert(response.into()))),
            Err(error) => {
                let message = format!("an alert cannot be decoded: {error}");
                Err(Failure::with(Code::Internal, message).into())
            }
        }
    }
}

impl From<wire::Response> for Alert {
    fn from(response: wire::Response) -> Self {
        let entries = response.output_fields.into_iter();
        Self {
            time: response.time.map(Timestamp::from),
            priority: response.priority.into(),
            source_deprecated: response.source_deprecated,
            rule: text(response.rule),
            output: text(response.output),
            output_fields: entries
                .map(|entry| (text(entry.key), text(entry.value)))
                .collect::<BTreeMap<_, _>>(),
            hostname: text(response.hostname),
            tags: response.tags.into_iter().map(text).collect(),
            source: text(response.source),
            sequence: response.sequence,
            origin: Origin::default(),
        }
    }
}

/// Replaces what is not UTF-8 with U+FFFD, once for each maximal invalid sequence, as WHATWG's decoder does.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_as_a_browser_does() {
        for (bytes, read) in [
            (&b"plain \xF0\x9F\xA6\x85"[..], "plain 🦅"),
            (b"a\xFFb", "a\u{FFFD}b"),
            (b"\xC0\x80", "\u{FFFD}\u{FFFD}"),
            (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            (b"\xF0\x9F\xA6", "\u{FFFD}"),
            (b"\xF0\x9F\xA6x\xE2\x82", "\u{FFFD}x\u{FFFD}"),
            (b"\xF5\x80\x80\x80", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        ] {
            assert_eq!(text(bytes.to_vec()), read);
        }
    }
}
