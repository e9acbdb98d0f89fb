{
  clan.inventory.instances.net = {
    module = {
      name = "zerotier";
      input = "clan-core";
    };
    roles = {
      controller.machines = {
        sun = { };
      };
      peer.tags = {
        leaf = { };
      };
      moon.machines = {
        io.settings.stableEndpoints = [
          "192.0.2.1/9993"
          "2001:db8::1/9993"
          "192.0.2.2/9994"
        ];
      };
    };
  };
}
