{
  clan.meta = {
    name = "Iron_works";
    domain = "iron.example";
    description = "Where \"things\" are made for \${everyone}";
  };
}
