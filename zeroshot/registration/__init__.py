"""How the reference picture is moved and lit to lie on the test picture."""
