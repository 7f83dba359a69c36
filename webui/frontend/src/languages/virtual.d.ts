declare module "virtual:tables/*" {
  const tables: import("./tables").Tables;
  export default tables;
}
