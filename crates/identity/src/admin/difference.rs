//! What a change changed, for the history.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The fields that are not the same any more, each with what it was and what it is. Neither value may hold a secret.
pub(super) fn difference(before: &impl Serialize, after: &impl Serialize) -> Value {
    let (before, after) = (fields(before), fields(after));
    let mut changed = Map::new();
    for (name, now) in &after {
        let was = before.get(name).unwrap_or(&Value::Null);
        // Who changed it and when stands in the record itself.
        if was != now && name != "stamp" {
            changed.insert(name.clone(), json!({ "from": was, "to": now }));
        }
    }
    for (name, was) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        changed.insert(name.clone(), json!({ "from": was, "to": null }));
    }
    Value::Object(changed)
}

fn fields(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => Map::from_iter([("value".to_owned(), other)]),
        Err(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let before = json!({ "a": 1, "b": [1], "c": "x", "stamp": 1 });
        let after = json!({ "a": 1, "b": [1, 2], "d": true, "stamp": 2 });
        assert_eq!(
            difference(&before, &after),
            json!({
                "b": { "from": [1], "to": [1, 2] }, "d": { "from": null, "to": true }, "c": { "from": "x", "to": null },
            })
        );
        assert_eq!(difference(&after, &after), json!({}));
    }
}
