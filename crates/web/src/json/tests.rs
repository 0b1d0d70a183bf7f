use super::*;
use crate::json::error::Syntax::{
    ArrayEndExpected, ByteOrderMark, ColonExpected, ControlCharacter, Empty, EndsEarly, Escape,
    InexactNumber, KeyExpected, LoneSurrogate, NotUtf8, Nul, Number, ObjectEndExpected,
    RepeatedKey, TooMuch, Trailing, ValueExpected,
};

fn strict(text: &str) -> Result<Json, JsonError> {
    read(text.as_bytes(), Repair::Nothing)
}

fn repaired(text: &str) -> Result<Json, JsonError> {
    read(text.as_bytes(), Repair::TrailingComma)
}

fn problem(text: &str) -> Syntax {
    strict(text).expect_err(text).problem
}

#[test]
fn good_texts_mean_what_a_second_reader_says_they_mean() {
    let texts = [
        "null",
        " \t\r\n true ",
        "false",
        "0",
        "-0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1",
        "-0.0",
        "1.5e3",
        "1E+2",
        "1e-2",
        "123456789.12",
        "1.7976931348623157e308",
        "5e-324",
        "\"\"",
        r#""a\"\\\/\b\f\n\r\tz""#,
        r#""\u0041\u00e9\u20AC\ud83d\ude00""#,
        "\"é€😀\u{2028}\u{7f}\"",
        r#""\uFEFF""#,
        "[]",
        "[ ]",
        "[1,[2,[]],{}]",
        "{}",
        r#"{ "" : { "a" : [ null ] } }"#,
        r#"{"a":1,"A":2,"\u0062":3}"#,
    ];
    for text in texts {
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        for ours in [strict(text), repaired(text)] {
            assert_eq!(to_serde(&ours.expect(text)), theirs, "{text}");
        }
    }
}

#[test]
fn numbers_stay_as_written() {
    assert_eq!(strict("1.10"), Ok(Json::Number("1.10".into())));
    assert_eq!(strict("1E2"), Ok(Json::Number("1E2".into())));
}

#[test]
fn bad_texts_are_refused_for_the_right_reason() {
    #[rustfmt::skip]
    let cases = [
        ("", Empty), ("  ", Empty), ("\u{feff}{}", ByteOrderMark),
        ("{", EndsEarly), ("[", EndsEarly), ("[1", EndsEarly), ("[1,", EndsEarly), ("{\"a\"", EndsEarly), ("{\"a\":", EndsEarly),
        ("{\"a\":1", EndsEarly), ("{\"a\":1,", EndsEarly), ("\"a", EndsEarly), ("\"\\", EndsEarly),
        ("{}{}", Trailing), ("1 2", Trailing), ("[]x", Trailing), ("{}}", Trailing), ("null\0", Trailing),
        ("{a:1}", KeyExpected), ("{'a':1}", KeyExpected), ("{1:1}", KeyExpected), ("{,}", KeyExpected), ("{\"a\":1,,}", KeyExpected),
        ("{\"a\" 1}", ColonExpected), ("{\"a\",1}", ColonExpected), ("{\"a\"}", ColonExpected),
        ("{\"a\":1 \"b\":2}", ObjectEndExpected), ("{\"a\":1]", ObjectEndExpected),
        ("[1 2]", ArrayEndExpected), ("[1}", ArrayEndExpected), ("[1:2]", ArrayEndExpected),
        ("{\"a\":1,}", KeyExpected), ("[1,]", ValueExpected), ("[,1]", ValueExpected), ("[1,,2]", ValueExpected),
        ("{\"a\":1,\"a\":1}", RepeatedKey), ("{\"a\":1,\"\\u0061\":2}", RepeatedKey), ("[{\"b\":{\"c\":0,\"d\":1,\"c\":2}}]", RepeatedKey),
        ("NaN", ValueExpected), ("Infinity", ValueExpected), ("-Infinity", Number), ("nul", ValueExpected), ("True", ValueExpected),
        ("/* */1", ValueExpected), ("1//", Trailing), ("# x", ValueExpected), ("+1", ValueExpected), (".5", ValueExpected),
        ("\u{a0}1", ValueExpected), ("\u{b}1", ValueExpected), ("'a'", ValueExpected), ("undefined", ValueExpected),
        ("01", Number), ("-01", Number), ("-", Number), ("1.", Number), ("1.e2", Number), ("1e", Number), ("1e+", Number), ("-a", Number),
        ("0x10", Trailing), ("1_000", Trailing), ("1e2.5", Trailing),
        ("9223372036854775808", InexactNumber), ("-9223372036854775809", InexactNumber), ("1e400", InexactNumber),
        ("-1e400", InexactNumber), ("1e-400", InexactNumber), ("0.1000000000000000055511151231257827", InexactNumber),
        ("9007199254740993.0", InexactNumber), ("1e99999999999999999999", InexactNumber), ("4e-324", InexactNumber),
        ("\"\n\"", ControlCharacter), ("\"\t\"", ControlCharacter), ("\"\0\"", ControlCharacter), ("\"\u{1f}\"", ControlCharacter),
        ("{\"a\n\":1}", ControlCharacter),
        ("\"\\x41\"", Escape), ("\"\\'\"", Escape), ("\"\\u12\"", Escape), ("\"\\u+123\"", Escape), ("\"\\u12é\"", Escape), ("\"\\U0041\"", Escape),
        ("\"\\u0000\"", Nul),
        ("\"\\ud800\"", LoneSurrogate), ("\"\\udc00\"", LoneSurrogate), ("\"\\ud800\\ud800\"", LoneSurrogate), ("\"\\ud83dx\"", LoneSurrogate),
        ("\"\\ud83d\\n\"", LoneSurrogate), ("\"\\ude00\\ud83d\"", LoneSurrogate), ("{\"\\ud800\":1}", LoneSurrogate),
    ];
    for (text, want) in cases {
        assert_eq!(problem(text), want, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_refused_where_they_stand() {
    for bytes in [
        &b"{\"a\":\"\xff\"}"[..],
        b"{\"a\":\"\xc0\xaf\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"a\":\"\xe2\x82\"}",
    ] {
        assert_eq!(
            read(bytes, Repair::TrailingComma),
            Err(JsonError { line: 1, column: 7, problem: NotUtf8 })
        );
    }
    assert_eq!(read(b"\xff\xfe{\0}\0", Repair::Nothing).unwrap_err().problem, NotUtf8);
}

#[test]
fn one_comma_before_an_end_is_repaired_when_asked_and_nothing_else() {
    for (text, want) in
        [("{\"a\":1,}", "{\"a\":1}"), ("[1 , ]", "[1]"), ("{\"a\":[{},\n],\t}", "{\"a\":[{}]}")]
    {
        assert_eq!(repaired(text), strict(want), "{text}");
    }
    for (text, want) in [
        ("{,}", KeyExpected),
        ("[,]", ValueExpected),
        ("[1,,]", ValueExpected),
        ("{\"a\":1,,}", KeyExpected),
        ("{\"a\":1,]", KeyExpected),
        ("[1,}", ValueExpected),
        ("{},", Trailing),
        ("{\"a\":1", EndsEarly),
        ("{\"a\":1,\"a\":1,}", RepeatedKey),
    ] {
        assert_eq!(repaired(text).expect_err(text).problem, want, "{text}");
    }
}

#[test]
fn an_error_says_where() {
    #[rustfmt::skip]
    let cases = [
        ("{\n  \"é\": 1,\n  \"é\": 2\n}", 3, 3),
        ("[1,\r\n x]", 2, 2),
        ("\"😀\n\"", 1, 3),
        ("{\"a\": \"b\\q\"}", 1, 9),
        ("{}\n\n}", 3, 1),
        ("[1e400]", 1, 2),
        ("[", 1, 2),
    ];
    for (text, line, column) in cases {
        let error = strict(text).expect_err(text);
        assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
    }
    let text = strict("{\"a\":1,\n\"a\":2}").unwrap_err().to_string();
    assert_eq!(text, "the key stands in this object twice (line 2, column 1)");
}

#[test]
fn everything_has_a_limit_and_the_limit_itself_is_allowed() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(strict(&nested(DEPTH_MAX)).is_ok());
    assert_eq!(problem(&nested(DEPTH_MAX + 1)), TooMuch(Limit::Depth));
    assert_eq!(problem(&"[".repeat(500_000)), TooMuch(Limit::Depth));
    assert_eq!(problem(&"{\"a\":".repeat(200_000)), TooMuch(Limit::Depth));

    let keys = |count: usize| {
        format!("[{}]", (0..count).map(|_| "{\"k\":0}").collect::<Vec<_>>().join(","))
    };
    assert!(strict(&keys(KEYS_MAX)).is_ok());
    assert_eq!(problem(&keys(KEYS_MAX + 1)), TooMuch(Limit::Keys));

    let items = |count: usize| format!("[{}]", vec!["0"; count].join(","));
    assert!(strict(&items(ITEMS_MAX)).is_ok());
    assert_eq!(problem(&items(ITEMS_MAX + 1)), TooMuch(Limit::Items));

    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    assert!(strict(&text(TEXT_MAX_BYTES)).is_ok());
    assert_eq!(problem(&text(TEXT_MAX_BYTES + 1)), TooMuch(Limit::TextBytes));

    assert!(strict(&format!("0.{}", "0".repeat(398))).is_ok());
    assert_eq!(problem(&format!("0.{}", "0".repeat(399))), TooMuch(Limit::NumberDigits));
    assert_eq!(problem(&"9".repeat(1_000_000)), TooMuch(Limit::NumberDigits));
}

/// Both readers must agree on which prefixes and which one-byte changes of a text are JSON, but for our extra refusals.
#[test]
fn cut_and_changed_texts_are_never_read_unless_the_second_reader_reads_them_the_same_way() {
    let sample = br#"{"batchName":"B1","n":[-1.5e2,0,null,true,"\u00e9\ud83d\ude00"],"d":{"a":"{\"b\":1}"}}"#;
    let mut mutants: Vec<Vec<u8>> = (0..sample.len()).map(|end| sample[..end].to_vec()).collect();
    for at in 0..sample.len() {
        for byte in [
            b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'0', b'-', b'.', b'e', b'u', b' ', 0,
            0x80, 0xff,
        ] {
            let mut mutant = sample.to_vec();
            mutant[at] = byte;
            mutants.push(mutant.clone());
            mutant.insert(at, byte);
            mutants.push(mutant);
        }
    }
    let mut accepted = 0;
    for mutant in &mutants {
        let shown = String::from_utf8_lossy(mutant);
        let theirs = serde_json::from_slice::<serde_json::Value>(mutant);
        match (read(mutant, Repair::Nothing), theirs) {
            (Ok(ours), Ok(theirs)) => {
                accepted += 1;
                assert_eq!(to_serde(&ours), theirs, "{shown}");
            }
            (Ok(_), Err(error)) => panic!("only we read {shown}: {error}"),
            (Err(error), Ok(_)) => {
                assert!(
                    matches!(error.problem, RepeatedKey | InexactNumber | Nul | TooMuch(_)),
                    "only they read {shown}: {error}"
                );
            }
            (Err(_), Err(_)) => {}
        }
    }
    assert!(accepted > 100, "the changes were too wild to prove anything: {accepted}");
}

fn to_serde(json: &Json) -> serde_json::Value {
    match json {
        Json::Null => serde_json::Value::Null,
        Json::Bool(bool) => (*bool).into(),
        Json::Number(literal) => serde_json::from_str(literal).unwrap(),
        Json::Text(text) => text.as_str().into(),
        Json::List(list) => list.iter().map(to_serde).collect(),
        Json::Object(object) => {
            object.iter().map(|(key, value)| (key.clone(), to_serde(value))).collect()
        }
    }
}
