"""The gate: who may trade, deposit and withdraw; geography, KYC, AML, terms, cases."""
