//! The statements of a task: split, with parameters bound, and only what a task may do.

use crate::sql::scan::{Scanner, Token};
use dayend_engine::codes::shortened;
use dayend_engine::params::{Params, names};

/// How many of a statement's first words are kept.
const HEAD_WORDS: usize = 8;
/// Statements that open or end transactions; that is not for tasks to do.
const TRANSACTION_WORDS: [&str; 8] =
    ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "START", "ABORT"];
/// Statements by which a SQLite connection reaches other files.
const FILE_WORDS: [&str; 2] = ["ATTACH", "DETACH"];

/// Whose rules a text follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// One statement, ready to be executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    /// The values of the parameters, in the order of their numbers.
    pub(super) values: Vec<String>,
    /// Its first words, in upper case.
    pub(super) head: Vec<String>,
    /// It asks for the rows that it changes.
    pub(super) returning: bool,
    bound: Vec<String>,
    /// It is more than blanks and comments.
    substantial: bool,
    copies_to_client: bool,
    /// How many blocks are open (a trigger's body, for example).
    depth: u32,
}

/// Splits a task's text at its semicolons and makes parameters of its placeholders.
pub(super) fn statements(
    text: &str,
    params: &Params,
    dialect: Dialect,
) -> Result<Vec<Statement>, String> {
    let mut found = Vec::new();
    let mut current = Statement::default();
    let mut scanner = Scanner::new(text, dialect);
    while let Some(token) = scanner.next(|name| params.declared.contains_key(name))? {
        current.substantial |= token.is_substantial();
        match token {
            Token::Semicolon if current.depth == 0 => {
                finish(std::mem::take(&mut current), dialect, &mut found)?;
            }
            Token::Semicolon => current.sql.push(';'),
            Token::Word(word) => current.add_word(word),
            Token::Other(text) | Token::Comment(text) => current.sql.push_str(text),
            Token::Quoted(text) => current.add_quoted(text, params, dialect)?,
            Token::Placeholder(name) => current.bind(name, params, dialect),
            Token::ForeignParameter(text) => {
                return Err(format!(
                    "`{}` is no declared parameter; write parameters as $NAME$",
                    shortened(text)
                ));
            }
        }
    }
    finish(current, dialect, &mut found)?;
    if found.is_empty() { Err("the statement is empty".to_owned()) } else { Ok(found) }
}

fn finish(
    statement: Statement,
    dialect: Dialect,
    found: &mut Vec<Statement>,
) -> Result<(), String> {
    if !statement.substantial {
        return Ok(());
    }
    statement.check(dialect)?;
    found.push(Statement { sql: statement.sql.trim().to_owned(), ..statement });
    Ok(())
}

impl Statement {
    /// The first word, in upper case.
    pub(super) fn verb(&self) -> &str {
        self.head.first().map(String::as_str).unwrap_or_default()
    }

    fn add_word(&mut self, word: &str) {
        self.sql.push_str(word);
        let word = word.to_ascii_uppercase();
        self.returning |= word == "RETURNING";
        self.copies_to_client |=
            self.verb() == "COPY" && matches!(word.as_str(), "STDIN" | "STDOUT");
        if self.verb() == "CREATE" {
            match word.as_str() {
                "BEGIN" | "CASE" => self.depth += 1,
                "END" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if self.head.len() < HEAD_WORDS {
            self.head.push(word);
        }
    }

    /// A quoted text that is nothing but a placeholder means the same as the bare placeholder; any other would have
    /// to be spliced, which never happens.
    fn add_quoted(&mut self, text: &str, params: &Params, dialect: Dialect) -> Result<(), String> {
        let known: Vec<&str> =
            names(text).into_iter().filter(|name| params.declared.contains_key(*name)).collect();
        match known.as_slice() {
            [] => self.sql.push_str(text),
            [name] if text == format!("'${name}$'") => self.bind(name, params, dialect),
            [name, ..] => {
                return Err(format!(
                    "${name}$ stands inside a quoted text; join it with `||` instead: parameters are values"
                ));
            }
        }
        Ok(())
    }

    fn bind(&mut self, name: &str, params: &Params, dialect: Dialect) {
        let known = self.bound.iter().position(|bound| bound == name);
        let number = known.unwrap_or(self.bound.len()) + 1;
        if known.is_none() {
            self.bound.push(name.to_owned());
            self.values.push(params.declared.get(name).cloned().unwrap_or_default());
        }
        let sign = match dialect {
            Dialect::Sqlite => '?',
            Dialect::Postgres => '$',
        };
        self.sql.push(sign);
        self.sql.push_str(&number.to_string());
    }

    fn check(&self, dialect: Dialect) -> Result<(), String> {
        let verb = self.verb();
        if let Some(at) = self.values.iter().position(|value| value.contains('\0')) {
            let name = self.bound.get(at).map(String::as_str).unwrap_or_default();
            return Err(format!("the value of ${name}$ holds a NUL character"));
        }
        if TRANSACTION_WORDS.contains(&verb) {
            return Err(format!(
                "`{verb}` is not for tasks: their statements run in one transaction anyway"
            ));
        }
        if self.copies_to_client {
            return Err("COPY from or to the client is not for tasks".to_owned());
        }
        let reaches_files = FILE_WORDS.contains(&verb)
            || (verb == "VACUUM" && self.head.iter().any(|word| word == "INTO"));
        if dialect == Dialect::Sqlite && reaches_files {
            return Err(format!("`{verb}` reaches other files, which a SQL task may not"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> Params {
        Params {
            declared: [("D", "2026-10-30"), ("X", "'; drop table t; --"), ("NUL", "a\0b")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Params::default()
        }
    }

    fn split(text: &str, dialect: Dialect) -> Result<Vec<(String, Vec<String>)>, String> {
        let found = statements(text, &params(), dialect)?;
        Ok(found.into_iter().map(|statement| (statement.sql, statement.values)).collect())
    }

    #[test]
    fn placeholders_become_parameters_and_are_never_spliced() {
        #[rustfmt::skip]
        let cases = [
            ("select * from t where d = $D$", "select * from t where d = ?1", "select * from t where d = $1"),
            ("select $D$, $X$, $D$", "select ?1, ?2, ?1", "select $1, $2, $1"),
            ("select '$D$'", "select ?1", "select $1"),
            ("select 'it''s', \"a\"\"b\"", "select 'it''s', \"a\"\"b\"", "select 'it''s', \"a\"\"b\""),
            ("select date($D$)", "select date(?1)", "select date($1)"),
            ("select 1 -- about $D$\n, 2", "select 1 -- about $D$\n, 2", "select 1 -- about $D$\n, 2"),
            ("select /* $X$ ; */ 1;", "select /* $X$ ; */ 1", "select /* $X$ ; */ 1"),
        ];
        for (text, sqlite, postgres) in cases {
            assert_eq!(split(text, Dialect::Sqlite).unwrap()[0].0, sqlite, "{text}");
            assert_eq!(split(text, Dialect::Postgres).unwrap()[0].0, postgres, "{text}");
        }
        assert_eq!(
            split("select $X$, $D$", Dialect::Sqlite).unwrap()[0].1,
            ["'; drop table t; --", "2026-10-30"]
        );
    }

    #[test]
    fn statements_are_split_only_where_they_end() {
        #[rustfmt::skip]
        let cases: [(&str, &[&str]); 7] = [
            ("a; b;\n c", &["a", "b", "c"]),
            ("select ';' ; select \";\" -- ;\n", &["select ';'", "select \";\" -- ;"]),
            (";;a;;", &["a"]),
            ("-- only a comment\n; /* and */ a", &["/* and */ a"]),
            ("create trigger r after insert on t begin update t set a = case when 1 then 2 else 3 end; delete from u; end; select 1",
             &["create trigger r after insert on t begin update t set a = case when 1 then 2 else 3 end; delete from u; end", "select 1"]),
            ("select case when 1 then 2 end; select 3", &["select case when 1 then 2 end", "select 3"]),
            ("create table \"begin\" (a); select 1", &["create table \"begin\" (a)", "select 1"]),
        ];
        for (text, want) in cases {
            let got: Vec<String> =
                split(text, Dialect::Sqlite).unwrap().into_iter().map(|(sql, _)| sql).collect();
            assert_eq!(got, want, "{text}");
        }
        assert_eq!(split("select $D$::date", Dialect::Postgres).unwrap()[0].0, "select $1::date");
        let dollar = "create function f() returns int as $body$ begin return 1; end $body$ language plpgsql; select e'\\'; x'; select $$;$$";
        let got: Vec<String> =
            split(dollar, Dialect::Postgres).unwrap().into_iter().map(|(sql, _)| sql).collect();
        assert_eq!(got.len(), 3, "{got:?}");
        assert_eq!(split("select /* a /* b; */ ; */ 1", Dialect::Postgres).unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_bound_or_is_not_for_tasks_is_refused() {
        use Dialect::{Postgres, Sqlite};
        #[rustfmt::skip]
        let cases = [
            (Sqlite, "select 'x$D$'", "inside a quoted text"),
            (Sqlite, "select \"$D$\"", "inside a quoted text"),
            (Sqlite, "select [$D$]", "inside a quoted text"),
            (Sqlite, "select `$D$`", "inside a quoted text"),
            (Postgres, "select $$ $D$ $$", "inside a quoted text"),
            (Postgres, "select e'\\'$D$'", "inside a quoted text"),
            (Sqlite, "select $UNKNOWN$", "no declared parameter"),
            (Sqlite, "select ?", "no declared parameter"),
            (Sqlite, "select ?1", "no declared parameter"),
            (Sqlite, "select :name", "no declared parameter"),
            (Sqlite, "select @name", "no declared parameter"),
            (Postgres, "select $1", "no declared parameter"),
            (Sqlite, "select $NUL$", "NUL"),
            (Sqlite, "attach '/x.db' as x", "reaches other files"),
            (Sqlite, "select 1; /**/ AtTaCh 'x' as y", "reaches other files"),
            (Sqlite, "vacuum into '/x'", "reaches other files"),
            (Sqlite, "begin; delete from t; commit", "one transaction"),
            (Postgres, "commit", "one transaction"),
            (Postgres, "copy t from stdin", "COPY"),
            (Sqlite, " ; -- nothing\n", "empty"),
            (Sqlite, "select 'open", "not closed"),
            (Sqlite, "select /* open", "not closed"),
            (Postgres, "select $a$ open", "not closed"),
        ];
        for (dialect, text, want) in cases {
            let got = split(text, dialect).unwrap_err();
            assert!(got.contains(want), "{text}: {got}");
        }
        for text in ["select a::int, b ? 'key', c @> d, e[1:2]", "select '$1', \"a$b\", a$b"] {
            assert!(split(text, Postgres).is_ok(), "{text}");
        }
    }
}
