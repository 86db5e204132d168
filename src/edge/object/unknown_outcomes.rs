//! A shard's unknown outcomes: the list of those that are open, and what is told of each.
//!
//! 1. Both are written in the turn in which the record changes, beside it and before it: should the record
//!    not be written, the list holds one too many, which whoever reads it sees from the record.
//! 2. Line and data point are written in that turn, too. A message for `OUTCOMES` is stored first and sent
//!    behind; one that was not sent is sent again by the alarm, so that none is lost with an instance. One
//!    whose instance died between the sending and the note of it comes twice, with the same members.
//! 3. A key of which nothing was ever unknown costs neither table a row.

use super::super::guarded_request::write_point;
use super::super::platform::bindings::Bindings;
use super::super::platform::sql::{Sql, blob, column, integer, integer_value};
use super::super::platform::{log, message_of};
use super::context::ObjectContext;
use super::probe::next_probe;
use super::record_store::{id_of, number};
use crate::guard::metrics::outcome_point;
use crate::guard::operator::{MAX_READ, Position, ShardPage, UnknownEntry, UnknownQuery};
use crate::guard::scope::RecordId;
use crate::guard::time::UnixMillis;
use crate::guard::unknown_outcome::{OutcomeChange, What};
use js_sys::{Array, JSON};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use worker::{Queue, QueueContentType, RawMessageBuilder, Storage};

/// How many messages are read at once.
const PAGE: u32 = 20;

pub struct UnknownOutcomes {
    sql: Sql,
    has_tables: Cell<bool>,
    /// Whether messages are on their way.
    sending: Cell<bool>,
}

impl UnknownOutcomes {
    pub fn new(storage: &Storage) -> Self {
        let sql = Sql::of(storage.as_raw());
        Self { sql, has_tables: Cell::default(), sending: Cell::default() }
    }

    /// Writes down what is open now, and what is to be sent of it.
    pub fn note(
        &self,
        record: &RecordId,
        changes: &[OutcomeChange],
        is_sent: bool,
        now: UnixMillis,
    ) -> Result<(), JsValue> {
        if changes.is_empty() {
            return Ok(());
        }
        self.make_tables()?;
        for change in changes {
            let query = match change.what {
                What::BecameUnknown { .. } => OPEN,
                What::Ended(_) => CLOSE,
            };
            self.sql.run(query, [number(change.claim.claimed_at), id_of(record)])?;
            if is_sent {
                self.sql.run(INSERT_MESSAGE, [change.message(record, now).into()])?;
            }
        }
        Ok(())
    }

    /// Some of those that are open, the newest claim first, behind a position. Writes nothing.
    fn open_after(&self, after: Option<Position>) -> Result<Vec<Position>, JsValue> {
        if self.sql.run(HAS_TABLES, [])?.length() == 0 {
            return Ok(Vec::new());
        }
        let most = integer_value(MAX_READ as u64);
        let rows = match after {
            None => self.sql.run(NEWEST, [most])?,
            Some(Position { claimed_at, record }) => {
                self.sql.run(NEWEST_AFTER, [number(claimed_at), id_of(&record), most])?
            }
        };
        let position = |row: JsValue| {
            let record = RecordId::from_bytes(&blob(&row, "id")?.to_vec())?;
            Some(Position { claimed_at: UnixMillis(integer(&row, "claimed_at")?), record })
        };
        Ok(rows.iter().filter_map(position).collect())
    }

    /// Whether messages wait to be sent.
    pub fn has_messages(&self) -> Result<bool, JsValue> {
        Ok(self.sql.run(HAS_TABLES, [])?.length() > 0 && self.messages(1)?.length() > 0)
    }

    fn messages(&self, most: u32) -> Result<Array, JsValue> {
        self.sql.run(MESSAGES, [most.into()])
    }

    fn make_tables(&self) -> Result<(), JsValue> {
        if !self.has_tables.get() {
            for table in TABLES {
                self.sql.run(table, [])?;
            }
            self.has_tables.set(true);
        }
        Ok(())
    }
}

/// This shard's part of a page of the list. What the list has too many of, the record shows.
pub fn list(
    context: &ObjectContext,
    query: &UnknownQuery,
    now: UnixMillis,
) -> Result<ShardPage, JsValue> {
    let positions = context.unknown_outcomes.open_after(query.after.position)?;
    Ok(ShardPage::collect(query, positions, now, |position| {
        let (record, _) = context.store.load(&position.record).ok()?;
        let id = &position.record;
        context.memory.with_state(id, |live| {
            UnknownEntry::of(id, &record, live, next_probe(context, &record))
        })
    }))
}

/// Writes the lines and data points.
pub fn tell(record: &RecordId, changes: &[OutcomeChange], bindings: &Bindings, now: UnixMillis) {
    for change in changes {
        log::line(&change.line(record, now));
        if let Some(metrics) = &bindings.metrics {
            write_point(metrics, &outcome_point(change, record, now));
        }
    }
}

/// Sends the messages that wait, in their order, until one cannot be sent. One sender at a time.
///
/// The output gate lets each leave only once the record that it speaks of is durable.
pub async fn send_messages(context: Rc<ObjectContext>) {
    let Some(queue) = &context.bindings.outcomes else { return };
    let outcomes = &context.unknown_outcomes;
    if outcomes.sending.replace(true) {
        return;
    }
    if let Err(error) = send_all(&context, outcomes, queue).await {
        let why = message_of(&error);
        log::warning(&format!(
            "onlyonce: a message could not be sent to OUTCOMES, and is sent again in a minute: {why}"
        ));
    }
    outcomes.sending.set(false);
}

async fn send_all(
    context: &ObjectContext,
    outcomes: &UnknownOutcomes,
    queue: &Queue,
) -> Result<(), JsValue> {
    loop {
        let messages = outcomes.messages(PAGE)?;
        if messages.length() == 0 {
            return Ok(());
        }
        // Sending takes a connection of the shard's; calls to the origin go before it.
        let Some(_place) = context.places.wait_in_background().await else { return Ok(()) };
        for row in messages.iter() {
            let text = column(&row, "message").and_then(|text| text.as_string());
            let message = JSON::parse(&text.ok_or("a message cannot be read")?)?;
            let message =
                RawMessageBuilder::new(message).build_with_content_type(QueueContentType::Json);
            queue.send_raw(message).await.map_err(JsValue::from)?;
            let number = integer(&row, "number").ok_or("a message has no number")?;
            outcomes.sql.run(DELETE_MESSAGE, [integer_value(number)])?;
        }
    }
}

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS unknown_outcomes (claimed_at INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (claimed_at, id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS outcome_messages (number INTEGER PRIMARY KEY, message TEXT NOT NULL)",
];
const HAS_TABLES: &str = "SELECT name FROM sqlite_master WHERE name = 'outcome_messages'";
const OPEN: &str = "INSERT OR IGNORE INTO unknown_outcomes (claimed_at, id) VALUES (?, ?)";
const CLOSE: &str = "DELETE FROM unknown_outcomes WHERE claimed_at = ? AND id = ?";
const NEWEST: &str =
    "SELECT claimed_at, id FROM unknown_outcomes ORDER BY claimed_at DESC, id DESC LIMIT ?";
const NEWEST_AFTER: &str = "SELECT claimed_at, id FROM unknown_outcomes WHERE (claimed_at, id) < (?, ?) ORDER BY claimed_at DESC, id DESC LIMIT ?";
const INSERT_MESSAGE: &str = "INSERT INTO outcome_messages (message) VALUES (?)";
const MESSAGES: &str = "SELECT number, message FROM outcome_messages ORDER BY number LIMIT ?";
const DELETE_MESSAGE: &str = "DELETE FROM outcome_messages WHERE number = ?";
