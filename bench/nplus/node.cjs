// Applications with Sequelize and TypeORM. Reads a number of requests a line, answers "done".
const { Sequelize, DataTypes, Op } = require("sequelize");
const { DataSource, EntitySchema, In, MoreThanOrEqual } = require("typeorm");
require("reflect-metadata");
const readline = require("readline");
const env = process.env;
const random = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const sequelize = new Sequelize(env.NPLUS_DATABASE, env.NPLUS_USER, "", {
  host: env.NPLUS_HOST, port: +env.NPLUS_PORT, dialect: "postgres", logging: false, pool: { max: 4 },
});
const plain = (name, columns) =>
  sequelize.define(name, columns, { tableName: name.toLowerCase() + "s", timestamps: false });
const Customer = plain("Customer", { name: DataTypes.TEXT });
const Order = plain("Order", { customer_id: DataTypes.INTEGER, status: DataTypes.TEXT });
const Line = plain("Line", { order_id: DataTypes.INTEGER, product_id: DataTypes.INTEGER, quantity: DataTypes.INTEGER });
Order.belongsTo(Customer, { foreignKey: "customer_id" });
Order.hasMany(Line, { foreignKey: "order_id" });

const id = { type: Number, primary: true, generated: true };
const PostEntity = new EntitySchema({
  name: "Post", tableName: "posts",
  columns: { id, author_id: { type: Number }, title: { type: String }, score: { type: Number } },
});
const CommentEntity = new EntitySchema({
  name: "Comment", tableName: "comments",
  columns: { id, post_id: { type: Number }, author_id: { type: Number }, body: { type: String } },
});
const source = new DataSource({
  type: "postgres", host: env.NPLUS_HOST, port: +env.NPLUS_PORT, username: env.NPLUS_USER,
  database: env.NPLUS_DATABASE, entities: [PostEntity, CommentEntity], poolSize: 4,
});

const page = () => ({ where: { id: { [Op.gte]: random(1, 3900) } }, order: ["id"], limit: random(4, 40) });
const posts = () => ({ where: { score: MoreThanOrEqual(random(0, 900)) }, order: { score: "ASC" }, take: random(4, 40) });
const applications = {
  sequelize_getter: [['FROM "customers" AS "Customer"'], async () => {
    for (const order of await Order.findAll(page())) await order.getCustomer();
  }],
  sequelize_include: [[], async () => {
    await Customer.findByPk(random(1, 1000));
    await Order.findAll({ ...page(), include: [Customer, { model: Line, separate: true }] });
  }],
  typeorm_lazy: [['FROM "comments" "Comment"'], async () => {
    for (const post of await source.getRepository("Post").find(posts()))
      await source.getRepository("Comment").find({ where: { post_id: post.id } });
  }],
  typeorm_loader: [[], async () => {
    await source.getRepository("Post").findOneBy({ id: random(1, 3000) });
    const found = await source.getRepository("Post").find(posts());
    await source.getRepository("Comment").find({ where: { post_id: In(found.map((post) => post.id)) } });
  }],
};

(async () => {
  const [labels, request] = applications[process.argv[2]];
  await source.initialize();
  console.log(JSON.stringify(labels));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const running = [];
    for (let left = +line; left > 0; left--) {
      running.push(request());
      await pause(random(4, 36));
    }
    await Promise.all(running);
    console.log("done");
  }
  await source.destroy();
  await sequelize.close();
})();
