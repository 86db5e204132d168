//! A table of text that fits a terminal. Cells wrap; columns that find no room go below.

const WIDTH: usize = 100;
const MOST_COLUMNS: usize = 3;
const GAP: usize = 2;

/// A column: its head, and a cell for each row.
pub struct Column {
    pub head: String,
    pub cells: Vec<Cell>,
}

pub struct Cell {
    pub text: String,
    pub marked: bool,
}

/// The columns side by side, as many as fit; rows are named at the left.
pub fn table(rows: &[&str], columns: &[Column]) -> String {
    let names = rows.iter().map(|row| row.chars().count()).max().unwrap_or_default();
    let width = (WIDTH - names) / columns.len().clamp(1, MOST_COLUMNS) - GAP;
    let panels = columns.chunks(MOST_COLUMNS).map(|panel| {
        let heads: Vec<Vec<String>> =
            panel.iter().map(|column| wrapped(&column.head, width)).collect();
        let mut text = lines("", names, width, &heads);
        text.push_str(&format!("{}\n", "-".repeat(names + panel.len() * (width + GAP))));
        for (at, row) in rows.iter().enumerate() {
            let cells: Vec<Vec<String>> = panel
                .iter()
                .filter_map(|column| column.cells.get(at))
                .map(|cell| marked(cell, width))
                .collect();
            text.push_str(&lines(row, names, width, &cells));
        }
        text
    });
    panels.collect::<Vec<_>>().join("\n")
}

fn marked(cell: &Cell, width: usize) -> Vec<String> {
    let mut lines = wrapped(&cell.text, width - GAP);
    for (at, line) in lines.iter_mut().enumerate() {
        line.insert_str(0, if cell.marked && at == 0 { "* " } else { "  " });
    }
    lines
}

/// One row: as many lines as its longest cell has.
fn lines(name: &str, names: usize, width: usize, cells: &[Vec<String>]) -> String {
    let height = cells.iter().map(Vec::len).max().unwrap_or(1);
    let mut text = String::new();
    for at in 0..height {
        let mut line = format!("{:names$}", if at == 0 { name } else { "" });
        for cell in cells {
            line.push_str(&format!("  {:width$}", cell.get(at).map_or("", String::as_str)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Breaks at spaces, and within a word only where it is longer than a line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        while !letters.is_empty() {
            let last = lines.last_mut().expect("there is always a line");
            let used = last.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + letters.len() <= width {
                last.push_str(&" ".repeat(gap));
                last.extend(letters.drain(..));
            } else if used > 0 {
                lines.push(String::new());
            } else {
                last.extend(letters.drain(..width));
            }
        }
    }
    lines
}
