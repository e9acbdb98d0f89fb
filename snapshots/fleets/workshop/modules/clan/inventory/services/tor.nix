{
  clan.inventory.instances.tor = {
    module.name = "tor";
    roles.server.tags.all = { };
  };
}
