"""The page of all errors, made from the source: ``python -m docs.catalogue`` (or ``make errors``)."""
