#!/usr/bin/env bash
# HiGHS (highspy 1.16.0): the first `highspy.Highs()` of a process writes a banner to standard output, below Python's
# sys.stdout, before a caller can set `output_flag`: its constructor enables callbacks, and that is the first thing asked
# of the C++ object. A program that prints one JSON object on standard output prints two lines, once a process.
# A subclass that sets the option before it passes `enableCallbacks` on is silent, without touching any descriptor.
# 1.12.0 writes none. Seen with 1.16.0, Python 3.11: "plain: 'Running HiGHS 1.16.0 …'", "subclass: ''", "1.12.0: ''".
# Fails if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for version in 1.16.0 1.12.0; do
  python3 -m venv "$work/$version" && "$work/$version/bin/pip" -q install "highspy==$version" numpy==2.4.6
done
plain='import highspy; h = highspy.Highs(); h.setOptionValue("output_flag", False)'
subclass='
import highspy
class Silent(highspy.Highs):
    def enableCallbacks(self):
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()
Silent()'
said=$("$work/1.16.0/bin/python" -c "$plain")
silent=$("$work/1.16.0/bin/python" -c "$subclass")
before=$("$work/1.12.0/bin/python" -c "$plain")
printf 'plain:    %q\nsubclass: %q\n1.12.0:   %q\n' "${said:0:60}" "$silent" "$before"
[[ "$said" == *HiGHS* ]] || { echo "the constructor no longer writes a banner"; exit 1; }
[[ -z "$silent" && -z "$before" ]] || { echo "a banner where there was none"; exit 1; }
