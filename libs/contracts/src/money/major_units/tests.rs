use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// A form of the API in small.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Offer {
    price: MajorUnits,
    currency: Currency,
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn read(json: &str) -> Result<MajorUnits, serde_json::Error> {
    serde_json::from_str(json)
}

#[rstest]
#[case("10.5", "USD", 1050)]
#[case("10", "USD", 1000)]
#[case("\"10.5\"", "USD", 1050)]
#[case("\"10.50\"", "USD", 1050)]
#[case("\"1\\u0030\"", "USD", 1000)]
#[case("0.01", "USD", 1)]
#[case("0", "USD", 0)]
#[case("-0", "USD", 0)]
#[case("-0.00", "USD", 0)]
#[case("10.500", "USD", 1050)]
#[case("1500", "JPY", 1500)]
#[case("1500.00", "JPY", 1500)]
#[case("1.005", "KWD", 1005)]
#[case("0.0001", "CLF", 1)]
// Not what a float makes of it: 1.15 * 100 is 114.99999999999999.
#[case("1.15", "USD", 115)]
#[case("90071992547409.93", "USD", 9_007_199_254_740_993)]
#[case("92233720368547758.07", "USD", i64::MAX)]
#[case("9223372036854775807", "JPY", i64::MAX)]
fn amounts(#[case] json: &str, #[case] code: &str, #[case] minor: i64) {
    assert_eq!(read(json).unwrap().to_minor(currency(code)), Ok(minor));
}

#[rstest]
#[case("0.001", "USD", "must not have more than 2 decimals in USD")]
#[case("10.5", "JPY", "must not have more than 0 decimals in JPY")]
#[case("\"1.0005\"", "KWD", "must not have more than 3 decimals in KWD")]
#[case("-1", "USD", "must not be negative")]
#[case("-0.001", "USD", "must not be negative")]
#[case("92233720368547759", "USD", "is too large")]
#[case("9223372036854775807", "USD", "is too large")]
fn no_amount_of_that_currency(#[case] json: &str, #[case] code: &str, #[case] message: &str) {
    let error = read(json).unwrap().to_minor(currency(code)).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[rstest]
#[case("1e3")]
#[case("1.5E-1")]
#[case("\"1e3\"")]
#[case("\"NaN\"")]
#[case("\"Infinity\"")]
#[case("\"\"")]
#[case("\"-\"")]
#[case("\" 1\"")]
#[case("\"+1\"")]
#[case("\".5\"")]
#[case("\"5.\"")]
#[case("\"1.-5\"")]
#[case("\"007\"")]
#[case("\"1,5\"")]
#[case("\"1_000\"")]
#[case("\"0x10\"")]
#[case("\"\u{661}\"")]
#[case("\"ten\"")]
#[case("null")]
#[case("true")]
#[case("[10.5]")]
#[case("{\"amount\": 10.5}")]
fn no_plain_number(#[case] json: &str) {
    let error = read(json).unwrap_err();
    assert!(error.is_data(), "{json}");
    assert_eq!(
        error.to_string(),
        "invalid value: another value, expected a plain decimal number such as 10.5"
    );
}

#[rstest]
#[case("NaN")]
#[case("Infinity")]
#[case("01")]
#[case(".5")]
#[case("+1")]
fn no_json(#[case] text: &str) {
    assert!(read(text).unwrap_err().is_syntax());
}

#[test]
fn too_many_digits() {
    for json in [
        "9223372036854775808".to_owned(),
        "92233720368547758.08".to_owned(),
        "-9223372036854775809".to_owned(),
        "0.12345678901234567891".to_owned(),
        format!("\"0.{}1\"", "0".repeat(255)),
        "9".repeat(10_000),
    ] {
        let error = read(&json).unwrap_err().to_string();
        assert!(
            error.ends_with("expected a number of fewer digits"),
            "{error}"
        );
    }
}

#[rstest]
#[case(1000, "USD", "10")]
#[case(1050, "USD", "10.5")]
#[case(1055, "USD", "10.55")]
#[case(5, "USD", "0.05")]
#[case(0, "USD", "0")]
#[case(-5, "USD", "-0.05")]
#[case(1000, "JPY", "1000")]
#[case(1000, "KWD", "1")]
#[case(1, "KWD", "0.001")]
#[case(i64::MAX, "USD", "92233720368547758.07")]
#[case(i64::MIN, "USD", "-92233720368547758.08")]
fn written(#[case] minor: i64, #[case] code: &str, #[case] json: &str) {
    let amount = MajorUnits::from_minor(minor, currency(code));
    assert_eq!(serde_json::to_string(&amount).unwrap(), json);
}

#[test]
fn a_form_names_the_field() {
    let offer = |price: &str| {
        let json = format!(r#"{{"price": {price}, "currency": "USD"}}"#);
        let mut reader = serde_json::Deserializer::from_slice(json.as_bytes());
        serde_path_to_error::deserialize::<_, Offer>(&mut reader)
    };
    let read = offer("10.50").unwrap();
    assert_eq!(read.price.to_minor(read.currency), Ok(1050));
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        r#"{"price":10.5,"currency":"USD"}"#
    );
    assert_eq!(offer("1e1").unwrap_err().path().to_string(), "price");
}

#[test]
fn a_missing_price_is_told_from_a_wrong_one() {
    #[derive(Deserialize)]
    struct Expected {
        price: Option<MajorUnits>,
    }
    let read = |json: &str| serde_json::from_str::<Expected>(json).map(|form| form.price);
    assert_eq!(read("{}").unwrap(), None);
    assert_eq!(read(r#"{"price": null}"#).unwrap(), None);
    assert_eq!(read(r#"{"price": 1}"#).unwrap(), Some("1".parse().unwrap()));
    assert!(read(r#"{"price": "free"}"#).is_err());
}

#[test]
fn the_schema_is_a_number() {
    let schema = serde_json::to_value(MajorUnits::schema()).unwrap();
    assert_eq!(schema["type"], "number");
}

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["JPY", "USD", "KWD"]).prop_map(currency)
}

proptest! {
    #[test]
    fn minor_to_json_and_back(minor in 0..=i64::MAX, currency in currencies()) {
        let price = MajorUnits::from_minor(minor, currency);
        let json = serde_json::to_string(&Offer { price, currency }).unwrap();
        let offer: Offer = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(offer.price, price);
        prop_assert_eq!(offer.price.to_minor(offer.currency), Ok(minor));
    }

    #[test]
    fn small_amounts_to_json_and_back(minor in 0..10_000_i64, currency in currencies()) {
        let json = serde_json::to_string(&MajorUnits::from_minor(minor, currency)).unwrap();
        prop_assert_eq!(read(&json).unwrap().to_minor(currency), Ok(minor));
        let text = format!("\"{json}\"");
        prop_assert_eq!(read(&text).unwrap().to_minor(currency), Ok(minor));
    }

    #[test]
    fn a_negative_amount_is_written_but_not_taken(minor in i64::MIN..0, currency in currencies()) {
        let json = serde_json::to_string(&MajorUnits::from_minor(minor, currency)).unwrap();
        prop_assert_eq!(read(&json).unwrap().to_minor(currency), Err(AmountError::Negative));
    }

    #[test]
    fn every_decimal_is_read_exactly(text in "-?(0|[1-9][0-9]{0,11})(\\.[0-9]{0,5}[1-9])?") {
        prop_assume!(text != "-0");
        prop_assert_eq!(text.parse::<MajorUnits>().unwrap().to_string(), text);
    }

    #[test]
    fn no_text_panics(text in "\\PC*", currency in currencies()) {
        if let Ok(amount) = text.parse::<MajorUnits>() {
            let _ = amount.to_minor(currency);
        }
    }
}
