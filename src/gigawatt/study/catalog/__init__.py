"""What the catalog knows: its things listed, one of them shown, and a model of one's own added."""
