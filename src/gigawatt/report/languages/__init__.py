"""What is said in other languages than that of the code: a catalogue of messages for each (*.po), and who says them."""
