"""Files of measured data, read into frozen records."""
