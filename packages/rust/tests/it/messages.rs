//! Messages that are not UTF-8, too large, or broken.

use falco_outputs::contract::outputs::Response;
use falco_outputs::{Client, Code, Error};
use prost::Message as _;

use crate::fake::{Fake, FakeCall, FakeStream};
use crate::reconnecting::{Reading, soon};

fn alert(sequence: u64, rule: &str) -> Response {
    Response { rule: rule.into(), sequence, ..Response::default() }
}

/// A field of length 1 to 127 in protobuf's encoding.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

/// A server that sends what a test says on each stream.
fn fake(send: impl Fn(&mut FakeStream) + Clone + Send + Sync + 'static) -> Fake {
    Fake::start(move |_, mut call: FakeCall| {
        let send = send.clone();
        async move {
            if call.method == "version" {
                call.trailers_only("14", &[("falco-outputs-version", "1")]);
            } else {
                let mut stream = call.open();
                send(&mut stream);
                stream.is_left().await;
            }
        }
    })
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_replaced_and_does_not_end_the_stream() {
    let fake = fake(|stream| {
        for sequence in 1..=7 {
            if sequence != 4 {
                stream.message(&alert(sequence, "good"));
                continue;
            }
            let bad = b"a\xFF\xE2\x82z";
            let entry = [field(1, b"k\xFF"), field(2, bad)].concat();
            let texts = [4, 5, 7, 8, 9].map(|number| field(number, bad)).concat();
            let whole = Response { sequence, ..Response::default() }.encode_to_vec();
            stream.raw(&[texts, field(6, &entry), whole].concat());
        }
    });
    let client = Client::new(&fake.address).unwrap();
    let mut alerts = client.sub().broadcast().reconnect(soon()).stream().unwrap();
    for sequence in 1..=7 {
        let alert = alerts.next().await.unwrap().unwrap();
        assert_eq!(alert.sequence, sequence);
        if sequence != 4 {
            assert_eq!(alert.rule, "good");
            continue;
        }
        let read = "a\u{FFFD}\u{FFFD}z";
        for text in [alert.rule, alert.output, alert.hostname, alert.tags.concat(), alert.source] {
            assert_eq!(text, read);
        }
        assert_eq!(alert.output_fields["k\u{FFFD}"], read);
    }
}

/// The error of a broadcast that gets one alert and then a bad message.
async fn end_of(client: Client, fake: &Fake) -> Error {
    let mut reading = Reading::of(client.sub().broadcast().reconnect(soon()));
    let error = reading.error().await;
    reading.has_seen(&[1]).await;
    assert_eq!(reading.statuses(), ["connecting", "connected"]);
    // The version probe, and one stream.
    assert_eq!(fake.calls(), 2);
    assert!(!error.is_from_server());
    error
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_stream() {
    let large = |size: usize| {
        fake(move |stream| {
            stream.message(&alert(1, "small"));
            stream.message(&alert(2, &"x".repeat(size)));
        })
    };
    let fake = large(4 * 1024 * 1024);
    let error = end_of(Client::new(&fake.address).unwrap(), &fake).await;
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert!(error.message().starts_with("a message is larger than max_message_bytes allows"), "{error}");
    let fake = large(1000);
    let builder = || Client::builder().address(&fake.address);
    let error = end_of(builder().max_message_bytes(1000).build().unwrap(), &fake).await;
    assert_eq!(error.code(), Code::ResourceExhausted);
    let mut alerts = builder().max_message_bytes(1010).build().unwrap().sub().broadcast().stream().unwrap();
    assert_eq!(alerts.next().await.unwrap().unwrap().sequence, 1);
    assert_eq!(alerts.next().await.unwrap().unwrap().sequence, 2);
}

#[tokio::test]
async fn a_message_that_cannot_be_decoded_ends_the_stream() {
    let fake = fake(|stream| {
        stream.message(&alert(1, "good"));
        stream.raw(b"\xFF\xFF");
    });
    let error = end_of(Client::new(&fake.address).unwrap(), &fake).await;
    assert_eq!(error.code(), Code::Internal);
    assert!(error.message().starts_with("an alert cannot be decoded: "), "{error}");
}
