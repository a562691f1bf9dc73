//! The tables as the migrations leave them.

diesel::table! {
    /// Accounts.
    users (id) {
        /// The account.
        id -> Uuid,
        /// As given, trimmed.
        email -> Text,
        /// The form that is unique.
        normalised_email -> Text,
        /// A PHC string.
        password_hash -> Text,
        /// When it was made.
        created_at -> Timestamptz,
    }
}
