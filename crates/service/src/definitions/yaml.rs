//! The only place that knows the YAML parser: turns text into nodes, with bounds on depth and aliases.
//!
//! Works on the parser's events and not on serde, because a definition needs what serde drops: whether a value was
//! quoted, the text as written (`007`), every duplicate key, and a line for each.

use super::limits::{COPIES_MAX_BYTES, DEPTH_MAX};
use super::node::{Entry, Node, Position, Scalar, Value};
use super::source::SourceText;
use super::window::Window;
use dayend_engine::codes::shortened;
use serde_saphyr::granit_parser::{
    Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag, options,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

/// Why the rest of a document cannot be read.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: Position,
    pub(super) text: String,
}

/// The parser, over a text that is in memory as a whole, or piece by piece.
enum Events<'t> {
    Held(Box<Parser<'t, StrInput<'t>>>),
    Spooled(Box<Parser<'static, Window<Box<dyn Read>>>>),
}

impl<'t> Events<'t> {
    fn next(&mut self) -> Option<Result<(Event<'t>, Span), ScanError>> {
        match self {
            Self::Held(parser) => parser.next_event(),
            Self::Spooled(parser) => parser.next_event(),
        }
    }

    fn proceed_next_document(&mut self) -> Result<bool, ScanError> {
        match self {
            Self::Held(parser) => parser.proceed_next_document(),
            Self::Spooled(parser) => parser.proceed_next_document(),
        }
    }
}

/// The documents of one file, read forward once.
pub(super) struct Stream<'t> {
    parser: Events<'t>,
    anchors: BTreeMap<usize, Anchored>,
    copied_bytes: usize,
}

/// What an alias stands for.
#[derive(Debug)]
struct Anchored {
    node: Node,
    height: usize,
    bytes: usize,
}

/// The beginning of a value: its items follow one by one, or it is here as a whole.
#[derive(Debug)]
pub(super) enum Opened {
    Map(Position),
    List(Position),
    Whole(Node),
}

impl<'t> Stream<'t> {
    pub(super) fn new(text: &'t SourceText) -> Self {
        let options = options! {
            emit_comments: false,
            flow_nesting_limit: DEPTH_MAX,
            block_nesting_limit: DEPTH_MAX,
        };
        let parser = if let Some(text) = text.held() {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            Events::Held(Box::new(Parser::new_from_str_with_options(text, options)))
        } else {
            let window = Window::new(text.open());
            Events::Spooled(Box::new(Parser::with_options(window, options)))
        };
        Self { parser, anchors: BTreeMap::new(), copied_bytes: 0 }
    }

    /// Goes to the beginning of the next document, if there is one.
    pub(super) fn next_document(&mut self) -> Result<bool, Problem> {
        self.anchors.clear();
        self.copied_bytes = 0;
        while let Some(next) = self.parser.next() {
            let (event, _) = next.map_err(|error| syntax(error.marker(), &error.info()))?;
            if matches!(event, Event::DocumentStart(..)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves the current document, after a problem too; tells whether another one follows.
    pub(super) fn skip_document(&mut self) -> bool {
        self.parser.proceed_next_document().unwrap_or(false)
    }

    /// Begins a value that may be too large to be held as a node; `depth` is the number of values around it.
    pub(super) fn open(&mut self, depth: usize) -> Result<Opened, Problem> {
        let (event, at) = self.event()?;
        if let Event::MappingStart(_, 0, tag) = &event {
            accept_tag(tag.as_deref(), "map", at)?;
            return Ok(Opened::Map(at));
        }
        if let Event::SequenceStart(_, 0, tag) = &event {
            accept_tag(tag.as_deref(), "seq", at)?;
            return Ok(Opened::List(at));
        }
        self.complete(event, at, depth).map(Opened::Whole)
    }

    /// The next key of an opened map; none at its end.
    pub(super) fn key(&mut self) -> Result<Option<(String, Position)>, Problem> {
        match self.event()? {
            (Event::MappingEnd, _) => Ok(None),
            (Event::Scalar(text, _, 0, tag), at) => {
                accept_tag(tag.as_deref(), "str", at)?;
                Ok(Some((text.into_owned(), at)))
            }
            (_, at) => Err(Problem {
                at,
                text: "a field name must be a simple text, without an anchor or alias".to_owned(),
            }),
        }
    }

    /// The next item of an opened list; none at its end.
    pub(super) fn item(&mut self, depth: usize) -> Result<Option<Node>, Problem> {
        let (event, at) = self.event()?;
        if matches!(event, Event::SequenceEnd) {
            Ok(None)
        } else {
            self.complete(event, at, depth).map(Some)
        }
    }

    /// A whole value.
    pub(super) fn node(&mut self, depth: usize) -> Result<Node, Problem> {
        let (event, at) = self.event()?;
        self.complete(event, at, depth)
    }

    fn event(&mut self) -> Result<(Event<'t>, Position), Problem> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, position(&span.start))),
            Some(Err(error)) => Err(syntax(error.marker(), &error.info())),
            None => Err(Problem {
                at: Position::default(),
                text: "the text ends in the middle of a value".to_owned(),
            }),
        }
    }

    /// The value that `event` begins. Recursion is bounded by `DEPTH_MAX`.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's enum is open: whatever else it has is no value"
    )]
    fn complete(&mut self, event: Event<'t>, at: Position, depth: usize) -> Result<Node, Problem> {
        if depth > DEPTH_MAX {
            return Err(too_deep(at));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                accept_tag(tag.as_deref(), "str", at)?;
                let plain = style == ScalarStyle::Plain && tag.is_none();
                (Value::Scalar(Scalar { text: text.into_owned(), plain }), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                accept_tag(tag.as_deref(), "seq", at)?;
                (self.list(depth)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                accept_tag(tag.as_deref(), "map", at)?;
                (self.map(depth)?, anchor)
            }
            Event::Alias(id) => return self.copy(id, at, depth),
            _ => return Err(Problem { at, text: "a value was expected here".to_owned() }),
        };
        let node = Node { at, value };
        if anchor != 0 {
            let (height, bytes) = measure(&node);
            self.spend(bytes, at)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), height, bytes });
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        while let Some(item) = self.item(depth + 1)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries = Vec::new();
        while let Some((key, at)) = self.key()? {
            entries.push(Entry { key, at, node: self.node(depth + 1)? });
        }
        Ok(Value::Map(entries))
    }

    fn copy(&mut self, id: usize, at: Position, depth: usize) -> Result<Node, Problem> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(Problem {
                at,
                text: "the alias stands inside the value it names".to_owned(),
            });
        };
        if depth + anchored.height > DEPTH_MAX {
            return Err(too_deep(at));
        }
        let (value, bytes) = (anchored.node.value.clone(), anchored.bytes);
        self.spend(bytes, at)?;
        Ok(Node { at, value })
    }

    /// Counts what anchors and aliases copy, so that a few lines cannot become gigabytes.
    fn spend(&mut self, bytes: usize, at: Position) -> Result<(), Problem> {
        self.copied_bytes = self.copied_bytes.saturating_add(bytes);
        if self.copied_bytes <= COPIES_MAX_BYTES {
            return Ok(());
        }
        let text = format!(
            "the anchors and aliases expand to more than {COPIES_MAX_BYTES} bytes: write the values out"
        );
        Err(Problem { at, text })
    }
}

/// How many values lie on top of each other in `node`, and what a copy of it costs.
fn measure(node: &Node) -> (usize, usize) {
    let inner = |nodes: &mut dyn Iterator<Item = (usize, &Node)>| {
        nodes.fold((0, 0), |(height, bytes), (key_bytes, node)| {
            let (node_height, node_bytes) = measure(node);
            (height.max(node_height + 1), bytes + node_bytes + key_bytes)
        })
    };
    let (height, bytes) = match &node.value {
        Value::Scalar(scalar) => (0, scalar.text.len()),
        Value::List(items) => inner(&mut items.iter().map(|item| (0, item))),
        Value::Map(entries) => inner(
            &mut entries.iter().map(|entry| (entry.key.len() + size_of::<Entry>(), &entry.node)),
        ),
    };
    (height, bytes + size_of::<Node>())
}

/// Refuses every tag but the one that says what the value is anyway.
fn accept_tag(tag: Option<&Tag>, natural: &str, at: Position) -> Result<(), Problem> {
    let Some(tag) = tag else { return Ok(()) };
    if tag.is_yaml_core_schema_tag(natural) {
        return Ok(());
    }
    let text = format!("the tag `{}` has no meaning here: remove it", shortened(&tag.original()));
    Err(Problem { at, text })
}

fn position(marker: &Marker) -> Position {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: number(marker.line()), column: number(marker.col()).saturating_add(1) }
}

fn too_deep(at: Position) -> Problem {
    Problem { at, text: format!("lists and maps are nested more than {DEPTH_MAX} deep") }
}

fn syntax(marker: &Marker, said: &str) -> Problem {
    let said: Cow<'_, str> = match said {
        "recursion limit exceeded" => return too_deep(position(marker)),
        said if said.chars().count() > 300 => said.chars().take(300).collect(),
        said => said.into(),
    };
    Problem { at: position(marker), text: format!("this is not valid YAML or JSON: {said}") }
}
