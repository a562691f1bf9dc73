//! What a bench prints.

use serde_json::Value;

/// Rows of a name and its cells, under headings.
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            headings: headings.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints the table and then, as the last line, the figures for programs.
    #[expect(clippy::print_stdout, reason = "this is what a bench is run for")]
    pub fn print(&self, figures: &Value) {
        let headings: Vec<_> = self
            .headings
            .iter()
            .map(|text| (*text).to_owned())
            .collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let cells = row.iter().enumerate().map(|(column, cell)| {
                let width = self.width(column);
                if column == 0 {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        println!("{figures}");
    }

    fn width(&self, column: usize) -> usize {
        let cells = self
            .rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|c| c.chars().count());
        cells
            .chain(self.headings.get(column).map(|text| text.chars().count()))
            .max()
            .unwrap_or(0)
    }
}

/// The middle of an odd number of figures; the upper middle of an even one.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
