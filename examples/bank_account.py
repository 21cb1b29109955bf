# Expect: RUNTIME_ERROR 1
# Expect-line: Ada has 70 left.
# Expect-error: InsufficientFunds: Ada has 70, which is less than 100
"""A class with its own exception, which nobody catches.

Expect: one line of output, then a traceback through two methods, and exit code 1.
"""


class InsufficientFunds(Exception):
    """The account holds less than was asked for."""


class Account:
    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner = owner
        self.balance = balance

    def withdraw(self, amount: int) -> None:
        if amount > self.balance:
            raise InsufficientFunds(
                f"{self.owner} has {self.balance}, which is less than {amount}"
            )
        self.balance -= amount

    def deposit(self, amount: int) -> None:
        self.balance += amount

    def transfer(self, amount: int, to: "Account") -> None:
        self.withdraw(amount)
        to.deposit(amount)


ada = Account("Ada", 100)
grace = Account("Grace")

ada.transfer(30, to=grace)
print(f"{ada.owner} has {ada.balance} left.")
ada.transfer(100, to=grace)
