{
  clan.inventory.instances.net = {
    module.name = "zerotier";
    roles.controller.machines.sun = { };
    roles.peer.tags.leaf = { };
    roles.moon.machines.io.settings.stableEndpoints = [
      "192.0.2.1/9993"
      "2001:db8::1/9993"
      "192.0.2.2/9994"
    ];
  };
}
