{
  clan.meta = {
    name = "workshop";
    domain = "iron.example";
    description = "Where \"things\" are made for \${everyone}";
  };
}
