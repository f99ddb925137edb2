//! Options that make no sense, refused before any call, in the words that the server would use.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use falco_outputs::{Client, Code, Filter, Priority, Reconnect, Subscription};

const NO_FILTER: &str = "the shared queue has no filter, for what does not match would be lost to the others: name a group, ask for a broadcast, or filter locally";
const NO_START: &str = "only a broadcast can start at a time: a group keeps its place, and the shared queue goes on with what nobody took";
const NO_END: &str = "only a get of a broadcast that does not follow can end at a time";
const NO_TIME: &str = "expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z";
const NO_NAME: &str = "empty, expected the name of an output field";
const EMPTY: &str = "an empty filter, which every alert would match";

fn client() -> Client {
    Client::new("/nowhere.sock").unwrap()
}

fn assert_refused(cases: impl IntoIterator<Item = (Subscription, String)>) {
    for (subscription, message) in cases {
        let error = subscription.stream().unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, &*message));
        assert!(!error.is_from_server());
    }
}

fn filters(count: usize) -> Vec<Filter> {
    vec![Filter::new().rules(["r"]); count]
}

#[test]
fn a_mode_that_makes_no_sense() {
    let falco = client();
    let noisy = || Filter::new().rules(["noisy"]);
    assert_refused([
        (
            falco.sub().group("g").broadcast(),
            "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all"
                .into(),
        ),
        (falco.sub().group("🦅".repeat(129)), "group: a name of 258 characters, expected at most 256".into()),
        (falco.sub().group(""), "group: \"\", expected a name".into()),
        (
            falco.sub().after(0),
            "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast"
                .into(),
        ),
        (falco.sub().tags(["t"]).min_priority(Priority::ERROR), format!("min_priority, tags: {NO_FILTER}")),
        (falco.sub().field("a", ["b"]).deny([noisy()]), format!("field, deny: {NO_FILTER}")),
        (falco.get().allow([noisy()]), format!("allow: {NO_FILTER}")),
        (falco.get().allow([noisy()]).deny([noisy()]).after(0), format!("allow, deny: {NO_FILTER}")),
        (
            falco.sub().group("g").filter_locally(),
            "filter_locally: the server filters groups and broadcasts itself".into(),
        ),
    ]);
}

#[test]
fn a_time_that_makes_no_sense() {
    let falco = client();
    let second = |number: u64| UNIX_EPOCH + Duration::from_secs(number);
    let year_10000 = second(253_402_300_800);
    let year_0 = UNIX_EPOCH - Duration::from_secs(62_135_596_800) - Duration::from_nanos(1);
    assert_refused([
        (falco.sub().since(second(1)), format!("since: {NO_START}")),
        (falco.sub().since(second(1)).filter_locally(), format!("since: {NO_START}")),
        (falco.get().group("g").since(second(1)), format!("since: {NO_START}")),
        (falco.get().until(second(1)), format!("until: {NO_END}")),
        (falco.sub().broadcast().until(second(1)), format!("until: {NO_END}")),
        (falco.get().broadcast().follow().until(second(1)), format!("until: {NO_END}")),
        (falco.sub().broadcast().since(year_10000), format!("since: {NO_TIME}")),
        (falco.sub().broadcast().since(year_0), format!("since: {NO_TIME}")),
        (falco.get().broadcast().until(year_10000), format!("until: {NO_TIME}")),
        (
            falco.get().broadcast().since(second(2)).until(second(2)),
            "until: it is not later than since".into(),
        ),
    ]);
    let first = year_0 + Duration::from_nanos(1);
    let last = year_10000 - Duration::from_nanos(1);
    falco.get().broadcast().since(first).until(last).stream().unwrap();
    falco.get().broadcast().since(SystemTime::now()).follow().stream().unwrap();
}

#[test]
fn a_filter_that_makes_no_sense() {
    let falco = client();
    let broadcast = || falco.sub().broadcast();
    let level = |number: i32| Filter::new().min_priority(number.into());
    let values = |count: usize| Filter::new().rules(vec![""; count]);
    assert_refused([
        (
            broadcast().rules(["r"]).tags(["t"]).allow(filters(1)),
            "tags: expected nothing with allow: put it into the filters there".into(),
        ),
        (broadcast().allow(filters(101)), "allow: 101 filters, expected at most 100".into()),
        (
            broadcast().allow(filters(50)).deny(filters(51)),
            "allow, deny: 101 filters, expected at most 100".into(),
        ),
        (
            broadcast().rules(["r"]).deny(filters(100)),
            "rules, deny: 101 filters, expected at most 100".into(),
        ),
        (broadcast().deny([values(1001)]), "deny: 1001 values, expected at most 1000".into()),
        (
            broadcast().field("a", [""; 999]).deny(filters(1)),
            "field, deny: 1001 values, expected at most 1000".into(),
        ),
        (
            broadcast().hostnames(["é".repeat(32_769)]),
            "hostnames: values of 65538 bytes, expected at most 65536".into(),
        ),
        (broadcast().allow([Filter::new()]), format!("allow[0]: {EMPTY}")),
        (broadcast().allow(filters(1)).deny([level(1), Filter::new()]), format!("deny[1]: {EMPTY}")),
        (broadcast().min_priority(8.into()), "min_priority: 8, expected 0 (Emergency) to 7 (Debug)".into()),
        (
            broadcast().allow([level(0), level(-1)]),
            "allow[1].min_priority: -1, expected 0 (Emergency) to 7 (Debug)".into(),
        ),
        (
            broadcast().rules(["r"]).deny([level(8)]),
            "deny[0].min_priority: 8, expected 0 (Emergency) to 7 (Debug)".into(),
        ),
        (broadcast().field("a", ["b"]).field("", ["b"]), format!("field[1].name: {NO_NAME}")),
        (broadcast().deny([Filter::new().field("", [""; 0])]), format!("deny[0].field[0].name: {NO_NAME}")),
        (falco.sub().filter_locally().deny([Filter::new()]), format!("deny[0]: {EMPTY}")),
    ]);
    broadcast().allow([values(999)]).deny(filters(1)).stream().unwrap();
    broadcast().allow(filters(50)).deny(filters(50)).stream().unwrap();
    broadcast().hostnames(["é".repeat(32_768)]).stream().unwrap();
}

#[test]
fn a_use_that_makes_no_sense() {
    let falco = client();
    assert_refused([
        (falco.sub().broadcast().follow(), "follow: sub follows anyway, it is for get".into()),
        (falco.get().acknowledge(), "acknowledge: get takes no acknowledgements, use sub".into()),
        (
            falco.sub().broadcast().acknowledge_by_hand(),
            "acknowledge_by_hand: a broadcast shares with nobody to whom its alerts could go instead".into(),
        ),
    ]);
}

#[test]
fn what_is_wrong_first_is_told() {
    let falco = client();
    let wrong = || falco.get().acknowledge().deny([Filter::new()]);
    let now = SystemTime::now();
    assert_refused([
        (wrong().since(now), format!("deny: {NO_FILTER}")),
        (wrong().group("g").since(now), format!("since: {NO_START}")),
        (wrong().group("g"), format!("deny[0]: {EMPTY}")),
    ]);
}

#[test]
fn a_time_of_zero() {
    let falco = client();
    let zero = Duration::ZERO;
    assert_refused(
        [
            (falco.sub().poll_interval(zero), "poll_interval"),
            (falco.sub().drain_timeout(zero), "drain_timeout"),
            (falco.sub().timeout(zero), "timeout"),
            (falco.sub().reconnect(Reconnect::default().initial_delay(zero)), "initial_delay"),
            (falco.sub().reconnect(Reconnect::default().max_delay(zero)), "max_delay"),
        ]
        .map(|(subscription, option)| (subscription, format!("{option}: 0, expected more"))),
    );
}
