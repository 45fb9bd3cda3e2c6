//! Records ⇄ polars frames, with the declared schema or not at all.
