//! Many rows in one statement: each statement costs a round trip to the connection's
//! thread, about as much as writing twenty rows.

use sqlx::SqliteConnection;
use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;

/// Rows a statement, in the order tried. A fixed few, so that every statement is prepared
/// once and found in the connection's cache from then on.
const SIZES: [usize; 3] = [256, 16, 1];

/// An `INSERT` that is written once for each of [`SIZES`].
#[derive(Debug)]
pub(super) struct BulkInsert {
    statements: [String; SIZES.len()],
}

impl BulkInsert {
    /// `head` ends with `VALUES`; each row has `columns` parameters; `tail` follows the rows.
    pub(super) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let statements =
            SIZES.map(|size| format!("{head} {} {tail}", vec![row.as_str(); size].join(",")));
        Self { statements }
    }

    /// Inserts all rows; `bind` adds the parameters of one.
    pub(super) async fn run<T>(
        &'static self,
        connection: &mut SqliteConnection,
        rows: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut bind: impl FnMut(&mut SqliteArguments, T) -> Result<(), BoxDynError>,
    ) -> Result<(), sqlx::Error> {
        let mut rows = rows.into_iter();
        for (size, statement) in SIZES.into_iter().zip(&self.statements) {
            while rows.len() >= size {
                let mut arguments = SqliteArguments::default();
                for row in rows.by_ref().take(size) {
                    bind(&mut arguments, row).map_err(sqlx::Error::Encode)?;
                }
                sqlx::query_with(statement.as_str(), arguments).execute(&mut *connection).await?;
            }
        }
        Ok(())
    }
}
