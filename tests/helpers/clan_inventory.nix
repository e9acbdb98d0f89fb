# A stand-in for clan-core: the inventory that a clan has of the files that a fleet generates.
#
# It needs nothing but Nix. Each rule names its file below
# https://git.clan.lol/clan/clan-core/src/branch/main/
{
  root, # the flake
  style ? "flake-parts", # or "nixos": plain modules
  inputs ? { }, # flake inputs: { quarry.clan.modules.stones = { }; }
  outputs ? { }, # what else the flake has: { packages.x86_64-linux.image = …; }
  extra ? { }, # what a person's own files say, as a module like those
}:
let
  inherit (builtins)
    attrNames
    concatMap
    deepSeq
    elem
    filter
    foldl'
    fromJSON
    isAttrs
    isFunction
    isList
    isPath
    mapAttrs
    match
    pathExists
    readDir
    readFile
    stringLength
    substring
    ;
  inherit (import ./module_system.nix)
    evaluated
    flatten
    lib
    option
    types
    withDefault
    ;
  inherit (types)
    attrsOf
    bool
    data
    enum
    int
    listOf
    matching
    modules
    nullOr
    raw
    str
    submodule
    ;

  unique = foldl' (seen: item: if elem item seen then seen else seen ++ [ item ]) [ ];
  below = path: substring (stringLength (toString root) + 1) (-1) (toString path);
  hasTag = tag: name: elem tag machines.${name}.tags;
  ofClass = class: filter (name: machines.${name}.machineClass == class) (attrNames machines);
  inherit (clan.inventory) instances machines;

  # Every .nix file, as import-tree finds them: https://github.com/vic/import-tree
  tree =
    folder:
    concatMap (
      name:
      let
        path = folder + "/${name}";
        kind = (readDir folder).${name};
      in
      if match "_.*" name != null then
        [ ]
      else if kind == "directory" then
        tree path
      else
        lib.optional (match ".*[.]nix" name != null) path
    ) (attrNames (readDir folder));

  # modules/inventoryClass/role.nix; lib/types/default.nix says that settings come from one place,
  # import nothing and can be written as JSON. lib.mkForce is such data too.
  settings =
    location: defs:
    let
      value = raw location defs;
      where = lib.concatStringsSep "." location;
    in
    if !isAttrs value then
      throw "${where}: settings are a set"
    else if value ? imports then
      throw "${where}: settings import nothing"
    else
      deepSeq (plain (_: throw "${where}: settings hold no function") value) value;
  member = submodule { options = _: { settings = withDefault settings { }; }; };
  names = def: if isList def.value then def // { value = lib.genAttrs def.value (_: { }); } else def;
  role = submodule {
    options = _: {
      machines = withDefault (attrsOf member) { };
      tags = withDefault (location: defs: attrsOf member location (map names defs)) { };
      settings = withDefault settings { };
      extraModules = withDefault (listOf raw) [ ];
    };
  };

  # modules/inventoryClass/inventory.nix
  instance = submodule {
    options = name: {
      module = withDefault (submodule {
        options = _: {
          input = withDefault (nullOr str) null;
          name = withDefault str name;
        };
      }) { };
      roles = withDefault (attrsOf role) { };
    };
  };
  machine = submodule {
    options = name: {
      name = withDefault str name;
      description = withDefault (nullOr str) null;
      icon = withDefault (nullOr str) null;
      installedAt = withDefault (nullOr int) null;
      machineClass = withDefault (enum [
        "nixos"
        "darwin"
      ]) "nixos";
      tags = withDefault (listOf str) [ ] // {
        apply = own: unique (own ++ filter (tag: elem name clan.inventory.tags.${tag}) allTags);
      };
      deploy = {
        targetHost = withDefault (nullOr str) null;
        buildHost = withDefault (nullOr str) null;
        forwardAgent = withDefault (nullOr bool) null;
      };
    };
  };
  allTags = attrNames clan.inventory.tags;
  inventory = submodule {
    options = _: {
      instances = withDefault (attrsOf instance) { };
      machines = withDefault (attrsOf machine) { };
      meta = withDefault modules { };
      tags = withDefault (submodule {
        arguments = { inherit machines; };
        options = _: { };
        free = listOf str;
      }) { };
    };
  };

  # modules/inventoryClass/meta.nix
  label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  meta = submodule {
    options = _: {
      name = option (matching "[a-zA-Z0-9_-]*");
      description = withDefault (nullOr str) null;
      domain = withDefault (matching "${label}([.]${label})*") "clan";
      icon = withDefault (nullOr str) null;
      tld = withDefault (nullOr (matching "[a-z]+")) null;
    };
  };

  # modules/clan/top-level-interface.nix, of which some is only looked at for its name.
  clanOptions = {
    inventory = withDefault inventory { };
    machines = withDefault (attrsOf modules) { };
    meta = withDefault modules { };
    modules = withDefault (attrsOf raw) { };
  }
  // lib.genAttrs [
    "checks"
    "directory"
    "exportInterfaces"
    "pkgsForSystem"
    "secrets"
    "self"
    "specialArgs"
    "templates"
    "vars"
  ] (_: withDefault (_: _: null) null);

  # modules/clan/module.nix: machines are also those with a module, with a folder, or in the file
  # that clan writes itself. modules/clan/computed-tags.nix: three tags are always there.
  builtin = [
    { inventory.machines = mapAttrs (_: _: { }) clan.machines; }
    {
      inventory.machines = lib.optionalAttrs (pathExists (root + "/machines")) (
        mapAttrs (_: _: { }) (lib.filterAttrs (_: kind: kind == "directory") (readDir (root + "/machines")))
      );
    }
    {
      inventory = lib.optionalAttrs (pathExists (root + "/inventory.json")) (
        fromJSON (readFile (root + "/inventory.json"))
      );
    }
    {
      inventory.tags = mapAttrs (_: lib.mkDefault) {
        all = attrNames machines;
        nixos = ofClass "nixos";
        darwin = ofClass "darwin";
      };
    }
  ];

  self = outputs // {
    outPath = toString root;
    inputs = allInputs;
    inherit clan;
  };
  allInputs = {
    clan-core = { };
  }
  // inputs
  // {
    self = self // {
      clan.modules = clan.modules;
    };
  };
  file = path: {
    file = below path;
    value = path;
  };
  people = {
    file = "extra";
    value = extra;
  };
  clan = evaluated [ "clan" ] clanOptions null (
    flatten
      {
        config = clan;
        inherit lib self;
        clan-core = { };
        options = { };
      }
      (
        ofFiles
        ++ map (value: {
          inherit value;
          file = "clan";
        }) builtin
      )
  );

  # lib/clan/default.nix takes the options at the top; flakeModules/clan.nix those below
  # `clan` or `flake.clan`.
  ofFiles =
    if style == "nixos" then
      [
        (file (root + "/modules/clan/default.nix"))
        people
      ]
    else
      flake.clan ++ flake.flake.clan;

  # https://github.com/hercules-ci/flake-parts: `modules` are those of extras/modules.nix.
  flake = evaluated [ ] flakeOptions null (
    flatten {
      config = flake;
      inherit lib self;
      inputs = allInputs;
      options = { };
      getSystem = throw "flake-parts: no systems here";
      moduleWithSystem = throw "flake-parts: no systems here";
      withSystem = throw "flake-parts: no systems here";
    } (map file (tree (root + "/modules")) ++ [ people ])
  );
  flakeOptions = {
    clan = withDefault definitions { };
    flake = withDefault (submodule {
      options = _: {
        clan = withDefault definitions { };
        modules = withDefault (attrsOf (attrsOf named)) { };
      };
      free = raw;
    }) { };
    perSystem = withDefault modules { };
    systems = withDefault (listOf str) [ ];
  };
  definitions = _: defs: defs;
  named = location: defs: {
    _name = lib.concatStringsSep "." location;
    imports = modules location defs;
  };

  # What JSON cannot hold, in words.
  plain =
    ofFunction: value:
    if isFunction value then
      ofFunction value
    else if isPath value then
      if pathExists value then "<path ${below value}>" else throw "${toString value}: no such file"
    else if isList value then
      map (plain ofFunction) value
    else if !isAttrs value then
      value
    else if value ? _name then
      "<${value._name}>"
    else if value.type or null == "derivation" then
      "<package>"
    else if value ? outPath then
      "<flake>"
    else
      mapAttrs (_: plain ofFunction) value;
  described = plain (_: "<function>");

  # lib/resolve-module/default.nix; without an input, the service is clan-core's own.
  resolved =
    { input, name }:
    if input != null && !allInputs ? ${input} then
      throw "module.input: ${input} is not one of ${toString (attrNames allInputs)}"
    else if input != null && input != "clan-core" && !allInputs.${input}.clan.modules ? ${name} then
      throw "module.name: ${input} has no service ${name}"
    else
      { inherit input name; };

  # lib/inventory/default.nix
  playing =
    role:
    unique (
      attrNames role.machines
      ++ concatMap (tag: filter (hasTag tag) (attrNames machines)) (attrNames role.tags)
    );

  # modules/clan/distributed-services.nix, and evalMachineSettings of
  # lib/inventory/distributed-service/service-module.nix: the settings of a role, a machine and its
  # tags are modules of one evaluation. The types of the service's interface are not known here.
  settingsOf =
    role: name:
    let
      said = file: value: { inherit file value; };
      mine = filter (tag: hasTag tag name) (attrNames role.tags);
    in
    data [ name ] (
      flatten { } (
        [
          (said "the role" role.settings)
          (said "the machine" (role.machines.${name}.settings or { }))
        ]
        ++ map (tag: said "the tag ${tag}" role.tags.${tag}.settings) mine
      )
    );
in
{
  meta = meta [ "meta" ] (
    map (value: {
      file = "meta";
      inherit value;
    }) (clan.meta ++ clan.inventory.meta)
  );
  inherit machines;
  inherit (clan.inventory) tags;
  # What each machine's configuration is made of.
  modules = mapAttrs (_: described) clan.machines;
  # As they are written.
  instances = mapAttrs (_: instance: {
    module = resolved instance.module;
    roles = mapAttrs (_: role: {
      machines = mapAttrs (_: each: described each.settings) role.machines;
      tags = mapAttrs (_: each: described each.settings) role.tags;
      settings = described role.settings;
      extraModules = described role.extraModules;
    }) instance.roles;
  }) instances;
  # As each machine that plays a role has them: instance → role → machine → settings.
  services = mapAttrs (
    _: instance:
    mapAttrs (
      _: role: lib.genAttrs (playing role) (name: described (settingsOf role name))
    ) instance.roles
  ) instances;
  # Clan warns of tags that no machine has.
  idle = concatMap (
    name:
    concatMap (
      role:
      filter (tag: !lib.any (hasTag tag) (attrNames machines)) (
        attrNames instances.${name}.roles.${role}.tags
      )
    ) (attrNames instances.${name}.roles)
  ) (attrNames instances);
}
