//! Sweeping over a real store and a real database: what is due is gone, and what is gone is proven.
