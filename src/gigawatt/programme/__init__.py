"""The scenario as arrays by quarter, its rates, money and tranches: what plan, simulation and books share."""
