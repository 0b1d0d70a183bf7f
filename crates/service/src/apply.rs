//! Applying and exporting definitions.

use crate::definitions::{self, Found, Parsed};
use crate::requests::{Applied, Change, Refusal, SourceFile};
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{Code, Scope, shortened};
use dayend_engine::definition::{Definition, Kind};
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::{
    DefinitionRow, HistoryRecord, NewDefinition, Outcome, VersionKey, Write, Writer,
};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// What is stored, by kind and code.
type Stored = BTreeMap<(Kind, Code), DefinitionRow>;

impl Service {
    /// Stores the definitions in the files, all or none.
    pub async fn apply(
        &self,
        caller: &Caller,
        scope: Scope,
        files: Vec<SourceFile>,
        dry_run: bool,
    ) -> Result<Applied, Refusal> {
        self.require(caller, &scope, &[Function::Define]).await?;
        // Reading a large definition takes seconds: not on a thread that others wait for.
        let parsed = tokio::task::spawn_blocking(move || definitions::read(&files)).await;
        let parsed = parsed.map_err(|error| {
            Refusal::Unavailable(format!("reading the definitions failed: {error}"))
        })?;
        let parsed = parsed.map_err(Refusal::BadDefinitions)?;
        if parsed.iter().any(|one| has_command(&one.definition)) {
            self.require(caller, &scope, &[Function::DefineCommand]).await?;
        }
        let _one_at_a_time = self.applying.lock().await;
        let stored = self.stored(&scope).await?;
        check(&parsed, &stored)?;
        let warnings = parsed.iter().flat_map(definitions::warnings).collect();
        let (changes, rows) = self.changes(caller, &scope, &parsed, &stored);
        if !dry_run && !rows.is_empty() {
            self.define(caller, &scope, rows).await?;
        }
        Ok(Applied { changes, warnings, dry_run })
    }

    /// The newest versions of the named definitions (none named: all), as one byte-stable YAML text.
    pub async fn export(
        &self,
        caller: &Caller,
        scope: Scope,
        codes: Vec<String>,
    ) -> Result<String, Refusal> {
        self.require(caller, &scope, &[Function::View, Function::Define]).await?;
        let stored = self.stored(&scope).await?;
        if let Some(missing) =
            codes.iter().find(|code| !stored.keys().any(|(_, stored)| stored.as_str() == **code))
        {
            return Err(Refusal::NotFound { what: "definition", id: shortened(missing) });
        }
        let wanted =
            |code: &Code| codes.is_empty() || codes.iter().any(|wanted| wanted == code.as_str());
        let found: Result<Vec<Definition>, Refusal> = stored
            .iter()
            .filter(|((_, code), _)| wanted(code))
            .map(|(_, row)| parse(row))
            .collect();
        Ok(definitions::export(&found?))
    }

    async fn stored(&self, scope: &Scope) -> Result<Stored, Refusal> {
        let rows = self.store.definitions(scope).await.map_err(unavailable)?;
        Ok(rows.into_iter().map(|row| ((row.kind, row.code.clone()), row)).collect())
    }

    fn changes(
        &self,
        caller: &Caller,
        scope: &Scope,
        parsed: &[Parsed],
        stored: &Stored,
    ) -> (Vec<Change>, Vec<NewDefinition>) {
        let (mut changes, mut rows) = (Vec::new(), Vec::new());
        for one in parsed {
            let (kind, code) = (one.definition.kind(), one.definition.code().clone());
            let before = stored.get(&(kind, code.clone()));
            let from_version = before.map_or(0, |row| row.version);
            let text = definitions::canonical_json(&one.definition);
            let same = before.is_some_and(|row| row.text == text);
            let old = before.and_then(|row| definitions::from_canonical(&row.text).ok());
            let diff = if same { String::new() } else { difference(old.as_ref(), &one.definition) };
            let to_version = if same { from_version } else { from_version + 1 };
            changes.push(Change { kind, code: code.clone(), from_version, to_version, diff });
            if !same {
                rows.push(NewDefinition {
                    key: VersionKey(self.last_version.fetch_add(1, Ordering::Relaxed) + 1),
                    scope: scope.clone(),
                    kind,
                    code,
                    expected: from_version,
                    text,
                    by: caller.actor(),
                    at: self.now(),
                });
            }
        }
        (changes, rows)
    }

    async fn define(
        &self,
        caller: &Caller,
        scope: &Scope,
        rows: Vec<NewDefinition>,
    ) -> Result<(), Refusal> {
        let versions: Vec<_> = rows
            .iter()
            .map(|row| serde_json::json!([row.kind.as_str(), row.code, row.expected + 1]))
            .collect();
        let history = HistoryRecord {
            run: None,
            at: self.now(),
            actor: caller.actor(),
            event: "apply".to_owned(),
            detail: serde_json::json!({ "scope": scope, "versions": versions }).to_string(),
        };
        let outcome = self.conductor.write(Write::Define { rows, history }).await;
        self.conductor.catalogue.forget_newest();
        match outcome {
            Ok(Outcome::Applied) => Ok(()),
            Ok(Outcome::LostRace) => Err(Refusal::WrongState(
                "somebody else applied definitions at the same time: apply again".to_owned(),
            )),
            Err(error) => Err(Refusal::Unavailable(error.to_string())),
        }
    }
}

fn has_command(definition: &Definition) -> bool {
    match definition {
        Definition::Batch(batch) => batch.tasks.iter().any(|task| task.work.is_command()),
        Definition::BatchGroup(_) | Definition::Connection(_) => false,
    }
}

/// What one document says about others, and whether it compiles.
fn check(parsed: &[Parsed], stored: &Stored) -> Result<(), Refusal> {
    let kind_of = |kind: Kind, code: &Code| {
        let row = stored.get(&(kind, code.clone()))?;
        match kind {
            Kind::Batch => Some(Found::Batch),
            Kind::BatchGroup => Some(Found::BatchGroup),
            Kind::Connection => parse(row).ok().map(|definition| Found::of(&definition)),
        }
    };
    let defects = definitions::check_references(parsed, &kind_of);
    if defects.is_empty() { Ok(()) } else { Err(Refusal::BadDefinitions(defects)) }
}

fn parse(row: &DefinitionRow) -> Result<Definition, Refusal> {
    definitions::from_canonical(&row.text).map_err(|why| {
        Refusal::Unavailable(format!(
            "version {} of `{}` cannot be read: {why}",
            row.version, row.code
        ))
    })
}

/// The difference is for people: of very large definitions only the fact is told.
fn difference(old: Option<&Definition>, new: &Definition) -> String {
    let text = |definition: &Definition| definitions::export(std::slice::from_ref(definition));
    if is_large(new) || old.is_some_and(is_large) {
        return format!("`{}` is too large to show what changed\n", new.code());
    }
    definitions::diff(&old.map(text).unwrap_or_default(), &text(new))
}

/// Above this many tasks no difference is shown.
const DIFF_TASKS_MAX: usize = 10_000;

fn is_large(definition: &Definition) -> bool {
    match definition {
        Definition::Batch(batch) => batch.tasks.len() > DIFF_TASKS_MAX,
        Definition::BatchGroup(group) => group.members.len() > DIFF_TASKS_MAX,
        Definition::Connection(_) => false,
    }
}
