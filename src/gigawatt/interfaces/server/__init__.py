"""What a server keeps and does, whichever door is knocked at: people, scenarios, results, jobs, and the asking."""
