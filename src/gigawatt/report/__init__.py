"""A Result as tables, charts, a page, a workbook and a bibliography. No arithmetic: sums, selection and formatting."""
