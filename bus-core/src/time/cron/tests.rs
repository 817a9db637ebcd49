use super::*;
use crate::Language;
use jiff::ToSpan;
use proptest::prelude::*;

fn cron(text: &str) -> Cron {
    text.parse().unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

/// The next times, as the clocks of the zone show them, with their offset.
fn next(text: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let zone = TimeZone::get(zone).expect("a zone");
    let after: Timestamp = after.parse().expect("a time");
    let times = cron(text).times_after(after, &zone).take(count).collect::<Vec<_>>();
    times
        .into_iter()
        .map(|time| time.to_zoned_datetime(zone.clone()).strftime("%m-%d %H:%M%z").to_string())
        .collect()
}

#[test]
fn cron_in_five_fields() {
    for text in [
        "0 6 * * 1-5",
        "*/15 * * * *",
        "0,30 8-18/2 1 jan,jul MON-FRI",
        "59 23 31 12 7",
        "@Daily",
        "0 0 L * *",
    ] {
        assert!(text.parse::<Cron>().is_ok(), "{text}");
    }
    for text in [
        "",
        "0 6 * *",
        "60 * * * *",
        "* * 0 * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "1/2 * * * *",
        "x * * * *",
        "+1 * * * *",
        "* * * * L",
        "@often",
        "0 0 30 feb *",
        "0 0 31 4,6,9,11 *",
        "0 0 32 * *",
        "1- * * * *",
        ", * * * *",
        "* * * * 8",
        "*-3 * * * *",
        "99999999999 * * * *",
    ] {
        assert!(text.parse::<Cron>().is_err(), "{text}");
    }
}

#[test]
fn days_of_the_month_and_of_the_week() {
    let after = "2026-11-25T12:00:00Z";
    let of = |text: &str, count: usize| next(text, "UTC", after, count);
    assert_eq!(
        of("0 6 * * 1-5", 4),
        ["11-26 06:00+0000", "11-27 06:00+0000", "11-30 06:00+0000", "12-01 06:00+0000"]
    );
    assert_eq!(of("0 6 * * 7", 1), of("0 6 * * sun", 1));
    assert_eq!(of("0 6 * * 5-7", 3), ["11-27 06:00+0000", "11-28 06:00+0000", "11-29 06:00+0000"]);
    assert_eq!(
        of("0 0 1 * mon", 3),
        ["11-30 00:00+0000", "12-01 00:00+0000", "12-07 00:00+0000"],
        "either will do"
    );
    assert_eq!(of("0 0 L * *", 2), ["11-30 00:00+0000", "12-31 00:00+0000"]);
    assert_eq!(of("0 0 29 2 *", 1), ["02-29 00:00+0000"]);
    assert_eq!(of("@yearly", 1), ["01-01 00:00+0000"]);
    let leap: Timestamp = "2096-03-01T00:00:00Z".parse().expect("a time");
    let next = cron("0 0 29 2 *").next_after(leap, &TimeZone::UTC).expect("comes");
    assert_eq!(next.to_string(), "2104-02-29T00:00:00Z");
}

#[test]
fn a_time_left_out_in_spring_comes_as_much_later() {
    let before = "2026-03-28T12:00:00Z";
    assert_eq!(next("30 2 * * *", "Europe/Paris", before, 2), ["03-29 03:30+0200", "03-30 02:30+0200"]);
    assert_eq!(
        next("0,30 2,3 29 3 *", "Europe/Paris", before, 2),
        ["03-29 03:00+0200", "03-29 03:30+0200"],
        "each once"
    );
    assert_eq!(next("0 3 * * *", "Europe/Paris", before, 1), ["03-29 03:00+0200"]);
    // midnight itself is left out
    assert_eq!(next("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", 1), ["04-24 01:00+0300"]);
}

#[test]
fn a_time_that_comes_twice_in_autumn_fires_once() {
    let before = "2026-10-24T12:00:00Z";
    assert_eq!(next("30 2 * * *", "Europe/Paris", before, 2), ["10-25 02:30+0200", "10-26 02:30+0100"]);
    assert_eq!(
        next("0 */2 * * *", "Europe/Paris", "2026-10-24T21:00:00Z", 3),
        ["10-25 00:00+0200", "10-25 02:00+0200", "10-25 04:00+0100"]
    );
    // asked between the two
    assert_eq!(next("30 2 * * *", "Europe/Paris", "2026-10-25T01:10:00Z", 1), ["10-26 02:30+0100"]);
}

#[test]
fn every_hour_is_every_hour_that_passes() {
    let autumn = next("0 * * * *", "Europe/Paris", "2026-10-24T22:30:00Z", 4);
    assert_eq!(autumn, ["10-25 01:00+0200", "10-25 02:00+0200", "10-25 02:00+0100", "10-25 03:00+0100"]);
    let spring = next("*/30 * * * *", "Europe/Paris", "2026-03-29T00:00:00Z", 3);
    assert_eq!(spring, ["03-29 01:30+0100", "03-29 03:00+0200", "03-29 03:30+0200"]);
    let day = |date: &str| {
        let zone = TimeZone::get("Europe/Paris").expect("a zone");
        let date: Date = date.parse().expect("a date");
        let (from, until) = (
            instant(date.at(0, 0, 0, 0), &zone),
            instant(date.tomorrow().expect("a day").at(0, 0, 0, 0), &zone),
        );
        let (from, until) = (from.expect("exists"), until.expect("exists"));
        cron("0 * * * *").times_after(from - 1.second(), &zone).take_while(|time| *time < until).count()
    };
    assert_eq!((day("2026-03-29"), day("2026-06-01"), day("2026-10-25")), (23, 24, 25));
}

#[test]
fn schedules_in_words() {
    for (text, english, french) in [
        ("0 6 * * 1-5", "from Monday to Friday at 06:00", "du lundi au vendredi à 06:00"),
        ("0 6,18 * * *", "every day at 06:00 and 18:00", "tous les jours à 06:00 et 18:00"),
        ("*/15 * * * *", "every 15 minutes", "toutes les 15 minutes"),
        ("* * * * *", "every minute", "toutes les minutes"),
        ("0 * * * *", "every hour", "toutes les heures"),
        (
            "5 * * * 6,0",
            "every hour at minute 5, every Saturday and Sunday",
            "toutes les heures à la minute 5, chaque samedi et dimanche",
        ),
        (
            "0 0 1 1,7 *",
            "the days 1 of the month at 00:00, in January and July",
            "les jours 1 du mois à 00:00, en janvier et juillet",
        ),
        ("0 0 L * *", "the last day of the month at 00:00", "le dernier jour du mois à 00:00"),
        (
            "0 0 1 * mon",
            "the days 1 of the month and every Monday at 00:00",
            "les jours 1 du mois et chaque lundi à 00:00",
        ),
    ] {
        assert_eq!(cron(text).words(Language::En), english);
        assert_eq!(cron(text).words(Language::Fr), french);
    }
}

/// What the rules say, minute by minute: slow, and without the cleverness of the real one.
fn fires(cron: &Cron, zone: &TimeZone, minute: Timestamp) -> bool {
    let named = |time: DateTime| {
        cron.is_on(time.date()) && cron.hours.has(time.hour()) && cron.minutes.has(time.minute())
    };
    let shown = zone.to_datetime(minute);
    if cron.is_hourly() {
        return named(shown);
    }
    // any local time, of the offsets of these days, that this moment stands for
    let offsets: BTreeSet<_> =
        (-30..=30).map(|hours| zone.to_offset(minute + hours.hours()).seconds()).collect();
    offsets.into_iter().any(|seconds| {
        let local = jiff::tz::Offset::from_seconds(seconds).expect("an offset").to_datetime(minute);
        named(local) && zone.to_ambiguous_timestamp(local).compatible().is_ok_and(|moment| moment == minute)
    })
}

fn field_text(least: u32, most: u32) -> impl Strategy<Value = String> {
    let part = prop_oneof![
        (least..=most).prop_map(|n| n.to_string()),
        (least..=most, least..=most).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        (least..=most, least..=most, 1..=most).prop_map(|(a, b, n)| format!("{}-{}/{n}", a.min(b), a.max(b))),
        (1..=most).prop_map(|n| format!("*/{n}")),
    ];
    prop_oneof![
        3 => Just("*".to_owned()),
        4 => proptest::collection::vec(part, 1..3).prop_map(|parts| parts.join(",")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_next_time_is_the_first_minute_that_fires(
        (minute, hour) in (field_text(0, 59), field_text(0, 23)),
        (day, weekday) in (field_text(1, 31), field_text(0, 7)),
        (zone, start) in prop_oneof![
            Just(("Europe/Paris", "2026-03-28T10:00:00Z")),
            Just(("Europe/Paris", "2026-10-24T10:00:00Z")),
            Just(("Australia/Lord_Howe", "2026-04-04T00:00:00Z")),
            Just(("Australia/Lord_Howe", "2026-10-03T00:00:00Z")),
            Just(("Africa/Cairo", "2026-04-23T10:00:00Z")),
            Just(("America/Havana", "2026-10-31T18:00:00Z")),
            Just(("Pacific/Apia", "2011-12-29T00:00:00Z")),
        ],
        offset in 0..2_000_i64,
    ) {
        let Ok(cron) = format!("{minute} {hour} {day} * {weekday}").parse::<Cron>() else { return Ok(()) };
        let zone = TimeZone::get(zone).expect("a zone");
        let after = start.parse::<Timestamp>().expect("a time") + offset.minutes() + 17.seconds();
        let first = after - 17.seconds() + 1.minute();
        let walked = (0..2 * 1_440_i64).map(|n| first + n.minutes()).find(|minute| fires(&cron, &zone, *minute));
        let found = cron.next_after(after, &zone);
        match walked {
            Some(walked) => prop_assert_eq!(found, Some(walked)),
            None => prop_assert!(found.is_none_or(|found| found >= first + (2 * 1_440).minutes())),
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in "[-0-9*/,a-zL@ ]{0,20}") {
        if let Ok(cron) = text.parse::<Cron>() {
            prop_assert!(!cron.words(Language::Fr).is_empty());
            prop_assert!(cron.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC).is_some());
        }
    }
}
