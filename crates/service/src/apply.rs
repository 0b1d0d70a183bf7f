//! Applying and exporting definitions.

use crate::definitions::{self, Found, Parsed, TargetKind};
use crate::requests::{Applied, Change, Defect, Refusal, SourceFile};
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{Code, Scope, shortened};
use dayend_engine::definition::{Definition, Kind};
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::{
    Content, DefinitionRow, HistoryRecord, NewDefinition, Outcome, VersionKey, Write, Writer,
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
        self.count(caller)?;
        self.require(caller, &scope, &[Function::Define]).await?;
        let _admitted = self.applies.try_acquire().map_err(|_| Refusal::Overloaded)?;
        // Reading a large definition takes seconds: not on a thread that others wait for.
        let read = tokio::task::spawn_blocking(move || read(&files)).await;
        let read = read.map_err(|error| {
            Refusal::Unavailable(format!("reading the definitions failed: {error}"))
        })?;
        let (parsed, contents) = read.map_err(Refusal::BadDefinitions)?;
        if parsed.iter().any(|one| has_command(&one.definition)) {
            self.require(caller, &scope, &[Function::DefineCommand]).await?;
        }
        let _one_at_a_time = self.applying.lock().await;
        let stored = self.stored(&scope).await?;
        self.check(&parsed, &stored).await?;
        let warnings = parsed.iter().flat_map(definitions::warnings).collect();
        let (changes, rows) = self.changes(caller, &scope, &parsed, contents, &stored).await?;
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
        let mut text = String::new();
        for row in stored.values().filter(|row| wanted(&row.code)) {
            definitions::export_after(&mut text, &self.definition_of(row).await?);
        }
        Ok(text)
    }

    async fn stored(&self, scope: &Scope) -> Result<Stored, Refusal> {
        let rows = self.store.definitions(scope).await.map_err(unavailable)?;
        Ok(rows.into_iter().map(|row| ((row.kind, row.code.clone()), row)).collect())
    }

    /// What a stored version says.
    async fn definition_of(&self, row: &DefinitionRow) -> Result<Definition, Refusal> {
        let parts = self.store.definition_parts(row.key).await.map_err(unavailable)?;
        let digest = row.digest;
        let unpacked =
            tokio::task::spawn_blocking(move || definitions::unpack(&digest, &parts)).await;
        unpacked.map_err(|error| error.to_string()).flatten().map_err(|why| {
            let (version, code) = (row.version, &row.code);
            Refusal::Unavailable(format!("version {version} of `{code}` cannot be read: {why}"))
        })
    }

    /// What one document says about others, and whether it compiles.
    async fn check(&self, parsed: &[Parsed], stored: &Stored) -> Result<(), Refusal> {
        let mut targets: BTreeMap<Code, TargetKind> = BTreeMap::new();
        for code in definitions::connections_named(parsed) {
            let Some(row) = stored.get(&(Kind::Connection, code.clone())) else { continue };
            if let Found::Connection(target) = Found::of(&self.definition_of(row).await?) {
                targets.insert(code, target);
            }
        }
        let found = |kind: Kind, code: &Code| match kind {
            Kind::Batch => stored.contains_key(&(kind, code.clone())).then_some(Found::Batch),
            Kind::BatchGroup => {
                stored.contains_key(&(kind, code.clone())).then_some(Found::BatchGroup)
            }
            Kind::Connection => targets.get(code).copied().map(Found::Connection),
        };
        let defects = definitions::check_references(parsed, &found);
        if defects.is_empty() { Ok(()) } else { Err(Refusal::BadDefinitions(defects)) }
    }

    async fn changes(
        &self,
        caller: &Caller,
        scope: &Scope,
        parsed: &[Parsed],
        contents: Vec<Content>,
        stored: &Stored,
    ) -> Result<(Vec<Change>, Vec<NewDefinition>), Refusal> {
        let (mut changes, mut rows) = (Vec::new(), Vec::new());
        for (one, content) in parsed.iter().zip(contents) {
            let (kind, code) = (one.definition.kind(), one.definition.code().clone());
            let before = stored.get(&(kind, code.clone()));
            let from_version = before.map_or(0, |row| row.version);
            let same = before.is_some_and(|row| row.digest == content.digest);
            let diff = if same {
                String::new()
            } else {
                self.difference(before, &content, &one.definition).await?
            };
            let to_version = if same { from_version } else { from_version + 1 };
            changes.push(Change { kind, code: code.clone(), from_version, to_version, diff });
            if !same {
                rows.push(NewDefinition {
                    key: VersionKey(self.last_version.fetch_add(1, Ordering::Relaxed) + 1),
                    scope: scope.clone(),
                    kind,
                    code,
                    expected: from_version,
                    content,
                    by: caller.actor(),
                    at: self.now(),
                });
            }
        }
        Ok((changes, rows))
    }

    /// The difference is for people: of very large definitions only the fact is told.
    async fn difference(
        &self,
        before: Option<&DefinitionRow>,
        content: &Content,
        new: &Definition,
    ) -> Result<String, Refusal> {
        let text = |definition: &Definition| {
            let mut text = String::new();
            definitions::export_after(&mut text, definition);
            text
        };
        if before.is_some_and(|row| row.parts > DIFF_PARTS_MAX)
            || content.parts.len() > DIFF_PARTS_MAX as usize
        {
            return Ok(format!("`{}` is too large to show what changed\n", new.code()));
        }
        let old = match before {
            Some(row) => text(&self.definition_of(row).await?),
            None => String::new(),
        };
        Ok(definitions::diff(&old, &text(new)))
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
        Definition::Batch(batch) => batch.tasks.specs().any(|spec| spec.work.is_command()),
        Definition::BatchGroup(_) | Definition::Connection(_) => false,
    }
}

/// Reads the files, and packs what they say.
fn read(files: &[SourceFile]) -> Result<(Vec<Parsed>, Vec<Content>), Vec<Defect>> {
    let parsed = definitions::read(files)?;
    let contents = parsed.iter().map(|one| definitions::pack(&one.definition)).collect();
    Ok((parsed, contents))
}

/// Of a definition with more parts, which is some 20,000 tasks, no difference is shown.
const DIFF_PARTS_MAX: u32 = 1;
