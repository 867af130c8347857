from gigawatt.ledger import book as books
def test_x(book):
    assert books.head(book) == (0, "0"*64)
