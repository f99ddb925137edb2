use h2::Reason;

use super::failure::Failure;

/// The length of an HTTP/2 frame's header: three bytes for the length of the payload, then the type, and the rest.
const HEADER: usize = 9;
const GOAWAY: u8 = 7;
/// Offsets in a GOAWAY frame's payload: after the last stream, after the reason; and how much of the text is kept.
const LAST_STREAM: usize = 4;
const REASON: usize = LAST_STREAM + 4;
const MAX_TEXT: usize = 64;
/// gRPC's text for a client that pings more often than a server allows.
const TOO_MANY_PINGS: &[u8] = b"too_many_pings";

/// Finds the GOAWAY frame in what a server sends, which says why it closes a connection. h2 does not pass that reason
/// on to running calls.
#[derive(Debug, Default)]
pub(super) struct GoAway {
    header: Vec<u8>,
    /// How many bytes of the current frame's payload are still to come.
    left: usize,
    /// The beginning of a GOAWAY's payload.
    payload: Option<Vec<u8>>,
}

impl GoAway {
    /// Reads the next bytes. Returns why the server closes the connection, if they say so.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Option<Failure> {
        while !bytes.is_empty() {
            if self.left == 0 {
                let (header, rest) = bytes.split_at(bytes.len().min(HEADER - self.header.len()));
                self.header.extend_from_slice(header);
                bytes = rest;
                let &[high, middle, low, frame_type, ..] = &self.header[..] else { return None };
                if self.header.len() < HEADER {
                    return None;
                }
                self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                self.payload = (frame_type == GOAWAY).then(Vec::new);
                self.header.clear();
            }
            let (part, rest) = bytes.split_at(bytes.len().min(self.left));
            bytes = rest;
            self.left -= part.len();
            let Some(payload) = &mut self.payload else { continue };
            payload.extend(part.iter().take((REASON + MAX_TEXT).saturating_sub(payload.len())));
            if self.left == 0 {
                return self.payload.take().and_then(|payload| explain(&payload));
            }
        }
        None
    }
}

fn explain(payload: &[u8]) -> Option<Failure> {
    let reason = payload.get(LAST_STREAM..REASON)?.try_into().ok().map(u32::from_be_bytes)?;
    match Reason::from(reason) {
        Reason::NO_ERROR => None,
        Reason::ENHANCE_YOUR_CALM if payload[REASON..].starts_with(TOO_MANY_PINGS) => Some(Failure::new(
            "the server closed the connection since it got too many pings: set keep_alive to a longer time",
        )),
        reason => Some(Failure::new(format!("the server closed the connection: {}", reason.description()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(frame_type: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[frame_type, 0, 0, 0, 0, 0], payload].concat()
    }

    fn goaway(reason: Reason, text: &[u8]) -> Vec<u8> {
        frame(GOAWAY, &[&[0; LAST_STREAM], &u32::from(reason).to_be_bytes()[..], text].concat())
    }

    #[test]
    fn finds_the_frame_however_the_bytes_are_split() {
        let others = [frame(4, &[]), frame(0, &[GOAWAY; 20_000]), frame(1, b"header")].concat();
        let bytes = [others, goaway(Reason::ENHANCE_YOUR_CALM, TOO_MANY_PINGS)].concat();
        for size in [1, 2, 3, 7, 8, 9, 10, 4096, bytes.len()] {
            let mut reader = GoAway::default();
            let found: Vec<_> = bytes.chunks(size).filter_map(|chunk| reader.read(chunk)).collect();
            assert_eq!(found.len(), 1, "{size}");
            assert!(found[0].message.contains("too many pings"));
        }
    }

    #[test]
    fn explains_the_reason() {
        let explained = |bytes: &[u8]| GoAway::default().read(bytes).map(|failure| failure.message);
        assert_eq!(explained(&goaway(Reason::NO_ERROR, b"bye")), None);
        assert_eq!(explained(&frame(GOAWAY, &[0; 7])), None);
        assert_eq!(
            explained(&goaway(Reason::INTERNAL_ERROR, &[b'x'; 1000])).unwrap(),
            "the server closed the connection: unexpected internal error encountered"
        );
    }
}
