//! Intake against chunks that the writing side of the spool wrote, over a real store and a real database.
