// The user of the bus: its own database and nothing else.
db.getSiblingDB('bus').createUser({
  user: 'bus',
  pwd: process.env.BUS_PASSWORD,
  roles: [{ role: 'readWrite', db: 'bus' }, { role: 'dbAdmin', db: 'bus' }],
});
