//! What a request to change parts asks for.

use crate::admin::error::ScimError;
use crate::admin::filter::{Filter, read_parts};
use crate::admin::schema::{Attribute, Schema, found};
use dayend_engine::codes::shortened;
use serde_json::Value;

/// The message that such a request is.
pub(super) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Operations of one request.
const OPERATIONS_MAX: usize = 1000;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Replace,
    Remove,
}

/// Where it is done.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The schema of its own in which the attribute stands, if it does.
    pub(super) extension: Option<&'static Attribute>,
    pub(super) attribute: &'static Attribute,
    /// Which of its values; none: all.
    pub(super) filter: Option<Filter>,
    pub(super) part: Option<&'static Attribute>,
}

/// One operation.
#[derive(Clone, Debug)]
pub(in crate::admin) struct Operation {
    pub(super) verb: Verb,
    /// None: the value names the attributes.
    pub(super) target: Option<Target>,
    pub(super) value: Value,
}

/// Reads the operations of a request.
pub(in crate::admin) fn read(schema: &Schema, sent: &Value) -> Result<Vec<Operation>, ScimError> {
    let field = |name: &str| {
        let fields = sent.as_object();
        fields.and_then(|fields| {
            fields
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    };
    let named = field("schemas").and_then(Value::as_array).is_none_or(|schemas| {
        schemas.iter().any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_OP)))
    });
    if !named {
        return Err(ScimError::syntax(format!("`schemas` must hold `{PATCH_OP}`")));
    }
    let Some(operations) = field("Operations").and_then(Value::as_array) else {
        return Err(ScimError::syntax("`Operations` must be a list"));
    };
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        return Err(ScimError::syntax(format!("there must be 1 to {OPERATIONS_MAX} operations")));
    }
    operations.iter().map(|operation| one(schema, operation)).collect()
}

fn one(schema: &Schema, sent: &Value) -> Result<Operation, ScimError> {
    let Some(fields) = sent.as_object() else {
        return Err(ScimError::syntax("an operation must be an object"));
    };
    let (mut verb, mut path, mut value) = (None, None, Value::Null);
    for (name, sent) in fields {
        match name.to_ascii_lowercase().as_str() {
            "op" => verb = Some(verb_of(sent)?),
            "path" => path = Some(sent),
            "value" => value = sent.clone(),
            _ => {
                let detail = format!("`{}` is no part of an operation", shortened(name));
                return Err(ScimError::syntax(detail));
            }
        }
    }
    let verb = verb.ok_or_else(|| ScimError::syntax("an operation needs `op`"))?;
    let target = match path {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(target(schema, path)?),
        Some(_) => return Err(ScimError::bad("invalidPath", "`path` must be a text")),
    };
    if target.is_none() && verb == Verb::Remove {
        return Err(ScimError::bad("noTarget", "`remove` needs a `path`"));
    }
    Ok(Operation { verb, target, value })
}

fn verb_of(sent: &Value) -> Result<Verb, ScimError> {
    match sent.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Ok(Verb::Add),
        Some("replace") => Ok(Verb::Replace),
        Some("remove") => Ok(Verb::Remove),
        _ => Err(ScimError::syntax("`op` must be add, replace or remove")),
    }
}

/// The place that a path names.
pub(super) fn target(schema: &Schema, path: &str) -> Result<Target, ScimError> {
    let refused = || {
        let detail = format!("`{}` is no path of {}", shortened(path), schema.name);
        ScimError::bad("invalidPath", detail)
    };
    let (head, filter, tail) = match path.find('[') {
        None => (path, None, ""),
        Some(open) => {
            let close = path.rfind(']').filter(|close| *close > open).ok_or_else(refused)?;
            let inside = path.get(open + 1..close).unwrap_or_default();
            let head = path.get(..open).unwrap_or_default();
            (head, Some(inside), path.get(close + 1..).unwrap_or_default())
        }
    };
    let walked = schema.path(head).ok_or_else(refused)?.0;
    let is_extension = |attribute: &&'static Attribute| {
        schema.extensions.iter().any(|extension| extension.name == attribute.name)
    };
    let (extension, rest) = match walked.as_slice() {
        [only] => (None, vec![*only]),
        [first, rest @ ..] if is_extension(first) => (Some(*first), rest.to_vec()),
        rest => (None, rest.to_vec()),
    };
    let (attribute, mut part) = match rest.as_slice() {
        [attribute] => (*attribute, None),
        [attribute, part] => (*attribute, Some(*part)),
        _ => return Err(refused()),
    };
    let filter = match filter {
        None => None,
        Some(_) if !attribute.many || part.is_some() => return Err(refused()),
        Some(inside) => Some(read_parts(inside, attribute.parts)?),
    };
    if !tail.is_empty() {
        let name = tail.strip_prefix('.').ok_or_else(refused)?;
        part = Some(found(attribute.parts, name).ok_or_else(refused)?);
    }
    Ok(Target { extension, attribute, filter, part })
}
