// Makes the members one replica set and gives Farol an account; run once more, it changes nothing but
// the account's password. mongosh runs it (see compose.yaml), with what it needs in the environment.
const { MONGO_MEMBERS, MONGO_ROOT_PASSWORD, MONGO_PASSWORD } = process.env;
const hosts = MONGO_MEMBERS.split(",").map((name) => `${name}:27017`);
const account = `admin:${encodeURIComponent(MONGO_ROOT_PASSWORD)}`;
const NOT_YET_INITIALIZED = 94;

const first = connect(`mongodb://${account}@${hosts[0]}/admin?directConnection=true`);
try {
  first.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.code !== NOT_YET_INITIALIZED) throw error;
  // The first has the administrator, whom the others copy; so it is preferred from the start.
  const members = hosts.map((host, _id) => ({ _id, host, priority: _id === 0 ? 2 : 1 }));
  first.adminCommand({ replSetInitiate: { _id: "farol", members } });
  print(`initiated: ${hosts.join(", ")}`);
}

// Waits for whichever is the primary, up to two minutes.
const all = `mongodb://${account}@${hosts.join(",")}/admin?replicaSet=farol&serverSelectionTimeoutMS=120000`;
const admin = connect(all);
// Every task has a database of its own, and MongoDB's roles know no wildcard.
const roles = [{ role: "readWriteAnyDatabase", db: "admin" }];
if (admin.getUser("farol") === null) {
  admin.createUser({ user: "farol", pwd: MONGO_PASSWORD, roles });
  print("made the account farol");
} else {
  admin.updateUser("farol", { pwd: MONGO_PASSWORD, roles });
}
