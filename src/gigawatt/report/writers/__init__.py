"""Writers of documents: terminal, page, workbook, CSV, and JSON for the web."""
