{
  clan.inventory.instances.bench = {
    module.name = "zerotier";
    roles.controller = {
      machines.bellows = { };
      settings.allowedIds = [ "b504d84a2e" ];
    };
    roles.peer.tags.all = { };
    roles.moon = { };
  };
}
