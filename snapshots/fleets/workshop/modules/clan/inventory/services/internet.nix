{
  clan.inventory.instances.internet = {
    module.name = "internet";
    roles.default.machines.bellows.settings.host = "bellows.example.org";
  };
}
