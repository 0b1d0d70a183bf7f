//! The hash chain: each record must follow the one before, and the last one must be the noted end.

use crate::history::records::{StoredRecord, linked};
use crate::partitions::{ChainHead, PartitionRow};
use crate::port::Partition;
use crate::verify::Defects;
use std::collections::BTreeMap;

/// Follows the chains of all partitions, record by record.
pub(crate) struct Chain {
    noted: BTreeMap<Partition, ChainHead>,
    reached: BTreeMap<Partition, ChainHead>,
    records: i64,
}

impl Chain {
    /// Expects the chains to end where the partitions say.
    pub(crate) fn new(partitions: &[PartitionRow]) -> Self {
        let noted = partitions.iter().map(|row| (row.partition, row.head)).collect();
        Self { noted, reached: BTreeMap::new(), records: 0 }
    }

    /// Takes the next record of its partition.
    pub(crate) fn follow(&mut self, record: &StoredRecord, defects: &mut Defects) {
        self.records += 1;
        let row = &record.row;
        let (partition, seq) = (row.partition, row.seq);
        let head = self.reached.entry(partition).or_insert(ChainHead::START);
        if seq != head.seq.saturating_add(1) {
            let expected = head.seq.saturating_add(1);
            defects.push(format!(
                "history of partition {}: record {seq} stands where record {expected} must be",
                partition.0
            ));
        }
        if linked(&head.hash, record.place(), &row.record) != row.hash {
            defects.push(format!(
                "history of partition {}: the hash of record {seq} is wrong",
                partition.0
            ));
        }
        // Going on with the stored hash names each altered record once, instead of all that follow it.
        *head = ChainHead { seq, hash: row.hash };
    }

    /// Compares the ends, and answers with the number of records.
    pub(crate) fn finish(self, defects: &mut Defects) -> i64 {
        for (partition, noted) in &self.noted {
            let reached = self.reached.get(partition).copied().unwrap_or(ChainHead::START);
            if reached != *noted {
                let (end, last) = (reached.seq, noted.seq);
                defects.push(format!("history of partition {} ends with record {end}, but record {last} was the last one written (or its hash differs)", partition.0));
            }
        }
        for partition in self.reached.keys().filter(|partition| !self.noted.contains_key(partition))
        {
            defects.push(format!(
                "there is history of partition {}, which does not exist",
                partition.0
            ));
        }
        self.records
    }
}
