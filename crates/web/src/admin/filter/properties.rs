//! Filters that chance made, against a model that never sees the text: it works on flat lists of values.

use super::read;
use crate::admin::schema::USER;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const OPERATORS: [&str; 9] = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
const LETTERS: [&str; 10] = ["a", "A", "b", "ä", "Ä", "\"", "\\", " ", "and", ")"];
#[rustfmt::skip]
const PIECES: [&str; 25] = [
    "userName", "emails", "emails[", "]", "(", ")", "not", "and", "or", "eq", "pr", "gt", "\"", "\\", "\"x\"",
    "meta.created", "true", "null", "-", "1e308", "\"2026-10-30T08:00:00Z\"", "urn:ietf:params:scim:", ".", "ß", "\u{0}",
];

/// A user, and what the model knows of it.
#[derive(Clone, Debug)]
struct User {
    name: String,
    id: String,
    title: Option<String>,
    active: bool,
    /// Value and type of each address.
    emails: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Name,
    Id,
    Title,
    Emails,
    EmailType,
}

#[derive(Clone, Debug)]
enum Asked {
    Compare(Field, &'static str, String),
    Present(Field),
    Null(Field),
    Active(bool),
    Not(Box<Asked>),
    All(Vec<Asked>),
    Any(Vec<Asked>),
    /// One address fulfils what is asked of addresses.
    OneEmail(Box<Asked>),
}

impl User {
    fn json(&self) -> Value {
        let emails = self.emails.iter();
        let emails: Vec<_> =
            emails.map(|(value, kind)| json!({ "value": value, "type": kind })).collect();
        let mut json = json!({ "userName": self.name, "id": self.id, "active": self.active });
        if let Some(title) = &self.title {
            json["title"] = json!(title);
        }
        if !emails.is_empty() {
            json["emails"] = json!(emails);
        }
        json
    }

    fn values(&self, field: Field) -> Vec<String> {
        match field {
            Field::Name => vec![self.name.clone()],
            Field::Id => vec![self.id.clone()],
            Field::Title => self.title.iter().cloned().collect(),
            Field::Emails => self.emails.iter().map(|(value, _)| value.clone()).collect(),
            Field::EmailType => self.emails.iter().map(|(_, kind)| kind.clone()).collect(),
        }
    }

    fn with_one_email(&self, email: &(String, String)) -> Self {
        Self { emails: vec![email.clone()], ..self.clone() }
    }
}

/// What the filter should say.
fn model(asked: &Asked, user: &User) -> bool {
    match asked {
        Asked::Compare(field, operator, text) => {
            let fold = |text: &str| match field {
                Field::Id => text.to_owned(),
                Field::Name | Field::Title | Field::Emails | Field::EmailType => {
                    text.to_lowercase()
                }
            };
            let (values, text) = (user.values(*field), fold(text));
            let any = |holds: &dyn Fn(&str) -> bool| values.iter().any(|value| holds(&fold(value)));
            match *operator {
                "eq" => any(&|value| value == text),
                "ne" => !any(&|value| value == text),
                "co" => any(&|value| value.contains(&text)),
                "sw" => any(&|value| value.starts_with(&text)),
                "ew" => any(&|value| value.ends_with(&text)),
                "gt" => any(&|value| value > text.as_str()),
                "ge" => any(&|value| value >= text.as_str()),
                "lt" => any(&|value| value < text.as_str()),
                "le" => any(&|value| value <= text.as_str()),
                other => panic!("{other}"),
            }
        }
        Asked::Present(field) => user.values(*field).iter().any(|value| !value.is_empty()),
        Asked::Null(field) => user.values(*field).iter().all(String::is_empty),
        Asked::Active(flag) => user.active == *flag,
        Asked::Not(inner) => !model(inner, user),
        Asked::All(inner) => inner.iter().all(|one| model(one, user)),
        Asked::Any(inner) => inner.iter().any(|one| model(one, user)),
        Asked::OneEmail(inner) => {
            user.emails.iter().any(|email| model(inner, &user.with_one_email(email)))
        }
    }
}

/// The filter as people write it: parentheses only where the order of `and` and `or` needs them.
fn text(asked: &Asked, inside: bool) -> String {
    let name = |field: &Field| match (field, inside) {
        (Field::Name, _) => "userName",
        (Field::Id, _) => "ID",
        (Field::Title, _) => "urn:ietf:params:scim:schemas:core:2.0:User:title",
        (Field::Emails, true) => "value",
        (Field::Emails, false) => "emails.value",
        (Field::EmailType, true) => "type",
        (Field::EmailType, false) => "emails.TYPE",
    };
    let joined = |inner: &[Asked], word: &str| {
        let texts: Vec<String> = inner
            .iter()
            .map(|one| {
                let text = text(one, inside);
                let loose = matches!(one, Asked::Any(_)) && word == " and ";
                if loose { format!("({text})") } else { text }
            })
            .collect();
        texts.join(word)
    };
    match asked {
        Asked::Compare(field, operator, with) => {
            format!("{} {operator}  {}", name(field), Value::from(with.as_str()))
        }
        Asked::Present(field) => format!("{} Pr", name(field)),
        Asked::Null(field) => format!("{} eq null", name(field)),
        Asked::Active(flag) => format!("active eq {flag}"),
        Asked::Not(inner) => format!("not({})", text(inner, inside)),
        Asked::All(inner) => joined(inner, " and "),
        Asked::Any(inner) => joined(inner, " OR "),
        Asked::OneEmail(inner) => format!("emails[{}]", text(inner, true)),
    }
}

fn word() -> impl Strategy<Value = String> {
    proptest::collection::vec(select(&LETTERS[..]), 0..3).prop_map(|parts| parts.concat())
}

fn user() -> impl Strategy<Value = User> {
    let emails = proptest::collection::vec((word(), word()), 0..3);
    (word(), word(), proptest::option::of(word()), any::<bool>(), emails)
        .prop_map(|(name, id, title, active, emails)| User { name, id, title, active, emails })
}

fn asked() -> impl Strategy<Value = Asked> {
    let fields = [Field::Name, Field::Id, Field::Title, Field::Emails, Field::EmailType];
    let outside = prop_oneof![
        6 => term(&fields),
        1 => any::<bool>().prop_map(Asked::Active),
        2 => combined(term(&[Field::Emails, Field::EmailType]).boxed())
            .prop_map(|inner| Asked::OneEmail(Box::new(inner))),
    ];
    combined(outside.boxed())
}

fn term(fields: &[Field]) -> impl Strategy<Value = Asked> + use<> {
    let fields = fields.to_vec();
    prop_oneof![
        5 => (select(fields.clone()), select(&OPERATORS[..]), word())
            .prop_map(|(field, operator, text)| Asked::Compare(field, operator, text)),
        1 => select(fields.clone()).prop_map(Asked::Present),
        1 => select(fields).prop_map(Asked::Null),
    ]
}

fn combined(terms: BoxedStrategy<Asked>) -> BoxedStrategy<Asked> {
    let more = |inner: BoxedStrategy<Asked>| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Asked::All),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Asked::Any),
            inner.prop_map(|one| Asked::Not(Box::new(one))),
        ]
    };
    terms.prop_recursive(3, 12, 3, more).boxed()
}

/// Pieces of filters in any order, with anything between them.
fn nearly_a_filter() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => select(&PIECES[..]).prop_map(str::to_owned), 1 => ".{0,3}"];
    proptest::collection::vec((piece, select(vec!["", " ", "  "])), 0..20).prop_map(|pieces| {
        pieces.into_iter().flat_map(|(piece, blank)| [piece, blank.to_owned()]).collect()
    })
}

proptest! {
    #[test]
    fn a_filter_finds_whom_the_model_finds(asked in asked(), users in proptest::collection::vec(user(), 1..5)) {
        let text = text(&asked, false);
        let filter = read(&text, &USER).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        for user in users {
            prop_assert_eq!(filter.holds(&user.json()), model(&asked, &user), "{} of {:?}", text, user);
        }
    }

    #[test]
    fn no_text_is_more_than_refused(text in prop_oneof![nearly_a_filter(), any::<String>()], user in user()) {
        match read(&text, &USER) {
            // Whatever it says, it says either yes or no.
            Ok(filter) => prop_assert_eq!(filter.holds(&user.json()), filter.clone().holds(&user.json())),
            Err(refused) => prop_assert_eq!((refused.status.as_u16(), refused.scim_type), (400, Some("invalidFilter"))),
        }
    }

    #[test]
    fn a_filter_with_one_letter_changed_is_read_or_refused(asked in asked(), at in 0_usize..400, letter in any::<char>()) {
        let mut letters: Vec<char> = text(&asked, false).chars().collect();
        let at = at % letters.len();
        letters[at] = letter;
        let text: String = letters.into_iter().collect();
        if let Err(refused) = read(&text, &USER) {
            prop_assert_eq!(refused.scim_type, Some("invalidFilter"));
        }
    }
}
