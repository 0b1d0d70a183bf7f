//! A type of resource, and how its attributes are named in filters and paths.

use super::{Attribute, COMMON, Kind};

/// The longest path of an attribute.
const PATH_MAX_BYTES: usize = 300;

/// A type of resource.
#[derive(Debug)]
pub(in crate::admin) struct Schema {
    pub(in crate::admin) urn: &'static str,
    /// The type's name: `App`.
    pub(in crate::admin) name: &'static str,
    /// What stands in the path: `Apps`.
    pub(in crate::admin) endpoint: &'static str,
    pub(in crate::admin) description: &'static str,
    pub(in crate::admin) attributes: &'static [Attribute],
    /// Attributes in schemas of their own; their names are URNs.
    pub(in crate::admin) extensions: &'static [Attribute],
    /// What other servers keep and this one does not; it changes nothing here, so it may be sent.
    pub(in crate::admin) ignored: &'static [&'static str],
}

/// An attribute in a resource: itself, and those around it.
#[derive(Clone, Debug)]
pub(in crate::admin) struct Path(pub(in crate::admin) Vec<&'static Attribute>);

impl Path {
    /// The attribute on the outside.
    pub(in crate::admin) fn top(&self) -> Option<&'static Attribute> {
        self.0.first().copied()
    }

    /// The attribute itself.
    pub(in crate::admin) fn last(&self) -> Option<&'static Attribute> {
        self.0.last().copied()
    }

    /// With the part `value` of an object, which stands for the whole in comparisons.
    pub(in crate::admin) fn comparable(mut self) -> Option<Self> {
        let last = self.last()?;
        if last.kind == Kind::Complex {
            self.0.push(found(last.parts, "value")?);
        }
        Some(self)
    }
}

impl Schema {
    /// The attribute with this name, in whatever case.
    pub(in crate::admin) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        found(&COMMON, name)
            .or_else(|| found(self.attributes, name))
            .or_else(|| found(self.extensions, name))
    }

    /// Every attribute that resources of the type can have.
    pub(in crate::admin) fn all(&self) -> impl Iterator<Item = &'static Attribute> {
        COMMON.iter().chain(self.attributes).chain(self.extensions)
    }

    /// The path that `text` means: `name.givenName`, or with the schema's URN before it.
    pub(in crate::admin) fn path(&self, text: &str) -> Option<Path> {
        if text.len() > PATH_MAX_BYTES {
            return None;
        }
        for extension in self.extensions {
            if let Some(rest) = behind(text, extension.name) {
                return match rest.strip_prefix(':') {
                    Some(rest) => walk(vec![extension], extension.parts, rest),
                    None => rest.is_empty().then(|| Path(vec![extension])),
                };
            }
        }
        let text = match behind(text, self.urn) {
            Some(rest) => rest.strip_prefix(':')?,
            None => text,
        };
        let (first, rest) = text.split_once('.').unwrap_or((text, ""));
        let first = self.attribute(first)?;
        if rest.is_empty() && !text.ends_with('.') {
            return Some(Path(vec![first]));
        }
        walk(vec![first], first.parts, rest)
    }

    /// Whether what is sent under this name changes nothing.
    pub(in crate::admin) fn ignores(&self, name: &str) -> bool {
        self.ignored.iter().any(|ignored| ignored.eq_ignore_ascii_case(name))
    }
}

/// The attribute with this name, in whatever case.
pub(in crate::admin) fn found(
    attributes: &'static [Attribute],
    name: &str,
) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

fn walk(
    mut path: Vec<&'static Attribute>,
    mut parts: &'static [Attribute],
    rest: &str,
) -> Option<Path> {
    for name in rest.split('.') {
        let part = found(parts, name)?;
        parts = part.parts;
        path.push(part);
    }
    Some(Path(path))
}

/// What stands behind a URN, whose case means nothing.
fn behind<'t>(text: &'t str, urn: &str) -> Option<&'t str> {
    let head = text.get(..urn.len())?;
    head.eq_ignore_ascii_case(urn).then(|| text.get(urn.len()..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::{APP, GROUP, LISTED, USER};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn attributes_are_found_by_any_of_their_names() {
        #[rustfmt::skip]
        let cases: [(&Schema, &str, &[&str]); 12] = [
            (&USER,  "userName",                                                        &["userName"]),
            (&USER,  "USERNAME",                                                        &["userName"]),
            (&USER,  "urn:ietf:params:scim:schemas:core:2.0:User:userName",             &["userName"]),
            (&USER,  "name.givenName",                                                  &["name", "givenName"]),
            (&USER,  "urn:ietf:params:scim:schemas:core:2.0:User:emails.value",         &["emails", "value"]),
            (&USER,  "meta.lastModified",                                               &["meta", "lastModified"]),
            (&GROUP, "urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group:description",
                                                                                        &["urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group", "description"]),
            (&APP,   "urn:ietf:params:scim:schemas:dayend:App",                         &["urn:ietf:params:scim:schemas:dayend:App"]),
            (&APP,   "scopes.fqs",                                                      &["scopes", "fqs"]),
            (&APP,   "scopes.",                                                         &[]),
            (&APP,   "name.x",                                                          &[]),
            (&APP,   "urn:ietf:params:scim:schemas:core:2.0:User:userName",             &[]),
        ];
        for (schema, text, want) in cases {
            let path = schema.path(text).map(|path| path.0).unwrap_or_default();
            let names: Vec<_> = path.iter().map(|attribute| attribute.name).collect();
            assert_eq!(names, want, "{text}");
        }
    }

    #[test]
    fn no_name_is_there_twice_and_none_is_both_kept_and_ignored() {
        for schema in LISTED {
            let mut names = BTreeSet::new();
            for attribute in schema.all() {
                assert!(names.insert(attribute.name.to_lowercase()), "{}", attribute.name);
                assert!(!schema.ignores(attribute.name), "{}", attribute.name);
            }
        }
    }
}
