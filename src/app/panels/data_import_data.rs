//! What the preview of a file says: its size, and what stands between it and an import.

use std::path::Path;

use crate::app::preview::Draft;

/// Why the file cannot be imported as it stands; `None` when it can, or while it is being read.
pub fn blocked(draft: &Draft) -> Option<String> {
    if draft.failed.is_some() {
        return Some("The file cannot be read so; choose otherwise at the left, or say above the rows what each column is.".to_owned());
    }
    match &draft.whole {
        Some(whole) => whole.needs.as_deref().map(|n| needs_words(n, &draft.path)),
        None => None,
    }
}

/// A question of the importer in the words of the window: the form stands for command-line options, and the path is in the title.
pub fn needs_words(needs: &str, path: &Path) -> String {
    let mut text = needs
        .strip_suffix(&format!(" ({})", path.display()))
        .unwrap_or(needs)
        .to_owned();
    for (option, field) in [
        (
            "choose one with --symbol, or join those of a market with --continuous volume",
            "choose one, or one continuous series",
        ),
        (
            "say which column is what with --columns",
            "say above the rows what each column is",
        ),
        ("say which it is with --market", "choose it under Market"),
        (
            "name only files of one market, or say which market of a file with --market",
            "choose it under Market",
        ),
        ("say which it is with --zone", "choose it under Zone"),
        ("choose one with --symbol", "choose one of them"),
        (", e.g. --zone America/Chicago", ""),
    ] {
        text = text.replace(option, field);
    }
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A file size for people.
pub fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let mut size = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    let decimals = usize::from(size < 99.95);
    format!("{size:.decimals$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_speak_of_the_form_and_not_of_options() {
        let asked = "the time zone of the stamps cannot be known: the chart's zone; say which it is with --zone, e.g. --zone America/Chicago (/data/a (1).csv)";
        let path = Path::new("/data/a (1).csv");
        let words = needs_words(asked, path);
        assert_eq!(
            words,
            "The time zone of the stamps cannot be known: the chart's zone; choose it under Zone"
        );
        let columns =
            "no known dialect; say which column is what with --columns, or export it again";
        assert_eq!(
            needs_words(columns, path),
            "No known dialect; say above the rows what each column is, or export it again"
        );
        assert_eq!(
            needs_words("the file (x) is odd", path),
            "The file (x) is odd"
        );
    }

    #[test]
    fn sizes_are_written_for_people() {
        let all = [12, 1_500, 99_960, 2_400_000, 999_999_999].map(size_words);
        assert_eq!(all, ["12 bytes", "1.5 kB", "100 kB", "2.4 MB", "1.0 GB"]);
    }
}
