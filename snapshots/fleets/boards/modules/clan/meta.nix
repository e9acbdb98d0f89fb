{
  clan.meta = {
    name = "test";
    domain = "example.org";
  };
}
