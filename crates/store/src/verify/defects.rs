//! The list of what is wrong.

/// The most defects that are listed; a damaged disk can have millions.
const DEFECTS_MAX: usize = 1000;

/// What is wrong, as sentences.
#[derive(Debug, Default)]
pub(crate) struct Defects {
    listed: Vec<String>,
    omitted: usize,
}

impl Defects {
    /// Adds a sentence.
    pub(crate) fn push(&mut self, sentence: String) {
        if self.listed.len() < DEFECTS_MAX {
            self.listed.push(sentence);
        } else {
            self.omitted += 1;
        }
    }

    /// All sentences, and one about those that found no place.
    pub(crate) fn into_sentences(mut self) -> Vec<String> {
        if self.omitted > 0 {
            self.listed.push(format!("{} more defects are not listed", self.omitted));
        }
        self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_defects_is_cut_and_counted() {
        let mut defects = Defects::default();
        (0..DEFECTS_MAX + 5).for_each(|number| defects.push(format!("defect {number}")));
        let sentences = defects.into_sentences();
        assert_eq!(sentences.len(), DEFECTS_MAX + 1);
        assert_eq!(sentences.last().unwrap(), "5 more defects are not listed");
    }
}
