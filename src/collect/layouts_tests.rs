//! Every known layout against a file in it.

use super::*;
use crate::{collect::roster, model::time};

/// Exports of one small company, by product.
const FILES: [(&str, &[u8]); 5] = [
    ("Okta", include_bytes!("../../fixtures/imports/okta.csv")),
    ("Microsoft Entra", include_bytes!("../../fixtures/imports/entra.csv")),
    ("Google Workspace", include_bytes!("../../fixtures/imports/google-workspace.csv")),
    ("BambooHR", include_bytes!("../../fixtures/imports/bamboohr.csv")),
    ("Rippling", include_bytes!("../../fixtures/imports/rippling.csv")),
];

#[test]
fn each_product_is_recognized_and_its_leaver_found() {
    for (product, bytes) in FILES {
        let read = roster::read(bytes, product, &Roster::default()).unwrap();
        assert_eq!(read.recognized_as, Some(product));
        let emails: Vec<_> = read.people.iter().map(|person| person.email.as_str()).collect();
        assert_eq!(emails, ["ada@acme.example", "bo@acme.example", "cy@acme.example"], "{product}");
        assert_eq!(read.people[0].status, "active", "{product}");
        assert!(read.people[0].name.as_deref().unwrap().contains("Ada"), "{product}");
        assert_eq!(read.people[2].status, "terminated", "{product}");
        let dated = matches!(product, "Microsoft Entra" | "BambooHR" | "Rippling");
        assert_eq!(read.people[2].terminated_on, time::parse_date("2026-09-15").filter(|_| dated), "{product}");
    }
}

#[test]
fn middle_statuses_keep_their_meaning() {
    for (product, bytes) in FILES {
        let expected = match product {
            "Okta" | "BambooHR" => "leave",
            "Rippling" => "contractor",
            _ => "active",
        };
        assert_eq!(roster::parse(bytes, product, &Roster::default()).unwrap()[1].status, expected, "{product}");
    }
}

#[test]
fn the_configuration_wins_over_a_layout() {
    let words = [("terminated".to_owned(), vec!["Suspended".to_owned()])].into();
    let mapping = Roster { status_values: words, ..Roster::default() };
    assert_eq!(roster::parse(FILES[0].1, "okta", &mapping).unwrap()[1].status, "terminated");
    let columns = [("email".to_owned(), "login".to_owned())].into();
    let mapping = Roster { columns, ..Roster::default() };
    let error = roster::read(FILES[0].1, "okta", &mapping).unwrap_err().to_string();
    assert!(error.contains("\"DEPROVISIONED\" is not a known status"), "{error}");
}

#[test]
fn other_headers_are_no_layout_and_are_listed() {
    let error = roster::read(b"Mail,State\na@acme.example,on\n", "p", &Roster::default()).unwrap_err().to_string();
    assert!(error.contains("there are: Mail, State") && error.contains("columns = {"), "{error}");
    let plain = roster::read(b"email,status\na@acme.example,active\n", "p", &Roster::default()).unwrap();
    assert_eq!(plain.recognized_as, None);
}

#[test]
fn dates_in_another_order_are_read_only_when_it_is_said() {
    let text = String::from_utf8_lossy(FILES[4].1).replace("2026-09-15", "9/15/2026");
    let order = |date_order: &str| Roster { date_order: date_order.to_owned(), ..Roster::default() };
    let read = |date_order: &str| roster::parse(text.as_bytes(), "r", &order(date_order));
    assert_eq!(read("mdy").unwrap()[2].terminated_on, time::parse_date("2026-09-15"));
    assert!(read("ymd").is_err() && read("dmy").is_err());
}
